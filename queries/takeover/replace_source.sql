CREATE OR REPLACE TABLE derived.source AS SELECT * FROM tracemap_overlay.derived.source
