CREATE OR REPLACE TABLE derived.moment AS SELECT * FROM tracemap_overlay.derived.moment
