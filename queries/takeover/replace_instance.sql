CREATE OR REPLACE TABLE derived.instance AS SELECT * FROM tracemap_overlay.derived.instance
