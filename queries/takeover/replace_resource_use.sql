CREATE OR REPLACE TABLE derived.resource_use AS SELECT * FROM tracemap_overlay.derived.resource_use
