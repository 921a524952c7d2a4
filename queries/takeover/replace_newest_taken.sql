CREATE OR REPLACE TABLE derived.newest_taken AS SELECT * FROM tracemap_overlay.derived.newest_taken
