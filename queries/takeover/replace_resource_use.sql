CREATE OR REPLACE TABLE derived.resource_use AS SELECT * FROM overlay.derived.resource_use
