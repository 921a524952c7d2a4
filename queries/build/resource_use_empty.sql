CREATE OR REPLACE TABLE derived.resource_use (resource_id INTEGER, spans BIGINT)
