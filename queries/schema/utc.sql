-- Integer nanoseconds since the Unix epoch as a UTC timestamp; what is later than those reach is their last moment.
CREATE MACRO utc(ns) AS make_timestamp_ns(least(ns, 9223372036854775806)::BIGINT)
