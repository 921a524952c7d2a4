-- Whether a destination's name is that of one for further tries: orders-retry-0 (Spring for Apache Kafka),
-- orders.retry, retry.5m.
CREATE OR REPLACE MACRO is_retry(name) AS regexp_matches(lower(name), '(^|[^a-z])retr(y|ies)([^a-z]|$)')
