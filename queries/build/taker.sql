-- Spans that took a message from a destination: CONSUMER spans, and CLIENT spans that receive or settle.
CREATE OR REPLACE TEMP TABLE b_taker AS
SELECT sid, psid, trace_id, span_id, service, instance, scope_id, operation, system, destination, address,
    message_id, coalesce(consumer_group, service) AS consumer_group, partition, log_offset, start_ns, end_ns, failed
FROM derived.span
WHERE kind = 5 OR (kind = 3 AND operation IN ('receive', 'process', 'settle', 'reject'))
