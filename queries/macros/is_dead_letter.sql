-- Whether a destination's name is that of a dead-letter queue, topic or exchange, or of a place where messages
-- are put aside: orders.dlq, OrdersDLQ, orders-dlt, dlx, orders_dead_letter, $DeadLetterQueue,
-- orders.parking-lot, orders-poison (Azure Functions), orders_error and orders_skipped (MassTransit), error (NServiceBus).
-- Not errors, nor orders_error_reports: what is called after errors may be anybody's work.
CREATE OR REPLACE MACRO is_dead_letter(name) AS regexp_matches(name,
    '(?i:(^|[^a-z])(dlq|dlt|dlx)([^a-z]|$)|dead[-_. ]?letter|parking[-_. ]?lot|-poison$|_(error|skipped)([.]fifo)?$|^error$)|[a-z](DLQ|Dlq|DLT|Dlt|DLX|Dlx)([^a-z]|$)')
