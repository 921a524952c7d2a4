CREATE OR REPLACE TABLE derived.newest_taken AS SELECT * FROM overlay.derived.newest_taken
