CREATE OR REPLACE TABLE derived.service_attribute AS SELECT * FROM overlay.derived.service_attribute
