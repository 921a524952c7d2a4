CREATE OR REPLACE TABLE derived.instance AS SELECT * FROM overlay.derived.instance
