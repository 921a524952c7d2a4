CREATE OR REPLACE TABLE derived.newest_taken AS SELECT * FROM a_taken
