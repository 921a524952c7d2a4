CREATE OR REPLACE TABLE derived.moment (source_id INTEGER, minute BIGINT, spans BIGINT, first_ns BIGINT[], last_ns BIGINT[])
