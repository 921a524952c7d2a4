CREATE OR REPLACE TABLE derived.service_attribute AS SELECT * FROM tracemap_overlay.derived.service_attribute
