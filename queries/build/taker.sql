-- Spans that took a message from a destination: CONSUMER spans, CLIENT spans that receive or settle, and INTERNAL ones
-- that process (Google's Pub/Sub clients, under what received).
CREATE OR REPLACE TEMP TABLE b_taker AS
SELECT s.sid, s.psid, s.trace_id, s.span_id, s.service, r.instance, s.scope_id, s.operation, s.system, s.destination, s.address,
    s.message_id, coalesce(s.consumer_group, s.service) AS consumer_group, s.partition, s.log_offset, s.start_ns, s.end_ns, s.failed
FROM derived.span AS s JOIN store.resource AS r USING (resource_id)
WHERE s.kind = 5 OR (s.kind = 3 AND s.operation IN ('receive', 'process', 'settle', 'reject'))
    OR (s.kind = 1 AND s.operation = 'process')
