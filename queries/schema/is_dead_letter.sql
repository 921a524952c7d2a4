-- Whether a destination's name is that of a dead-letter queue, topic or exchange, or of a place where messages
-- are put aside: orders.dlq, OrdersDLQ, orders-dlt, dlx, orders_dead_letter, $DeadLetterQueue,
-- orders.parking-lot, orders-poison (Azure Functions).
CREATE MACRO is_dead_letter(name) AS regexp_matches(name,
    '(?i:(^|[^a-z])(dlq|dlt|dlx)([^a-z]|$)|dead[-_. ]?letter|parking[-_. ]?lot|-poison$)|[a-z](DLQ|Dlq|DLT|Dlt|DLX|Dlx)([^a-z]|$)')
