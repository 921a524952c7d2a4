-- Integer nanoseconds since the Unix epoch as a UTC timestamp; what is later than those reach is their last moment.
-- What nobody knows stays unknown: least() would take it for the last moment, too.
CREATE OR REPLACE MACRO utc(ns) AS make_timestamp_ns((CASE WHEN ns > 9223372036854775806 THEN 9223372036854775806 ELSE ns END)::BIGINT)
