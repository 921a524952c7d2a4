-- Integer nanoseconds since the Unix epoch as a UTC timestamp.
CREATE MACRO utc(ns) AS make_timestamp_ns(ns)
