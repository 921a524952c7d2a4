CREATE OR REPLACE TABLE derived.source AS SELECT * FROM overlay.derived.source
