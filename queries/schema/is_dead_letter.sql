-- Whether a destination's name is that of a dead-letter queue, topic or exchange: orders.dlq,
-- orders-dlt, dlx, orders_dead_letter, $DeadLetterQueue.
CREATE MACRO is_dead_letter(name) AS regexp_matches(
    lower(name), '(^|[^a-z])(dlq|dlt|dlx)([^a-z]|$)|dead[-_. ]?letter')
