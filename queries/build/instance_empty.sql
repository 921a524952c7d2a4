CREATE OR REPLACE TABLE derived.instance (service VARCHAR, instance VARCHAR, last_ns BIGINT)
