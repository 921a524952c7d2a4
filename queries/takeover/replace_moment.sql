CREATE OR REPLACE TABLE derived.moment AS SELECT * FROM overlay.derived.moment
