-- Spans that took a message from a destination: CONSUMER spans, CLIENT spans that receive or settle, and INTERNAL ones
-- that process (Google's Pub/Sub clients, under what received).
-- What goes on from the publication says receive in some libraries (Spring for Apache Kafka), and is where the work is done:
-- work is below it, and nothing that processes. Of a log alone: a queue's message may have been refused, unseen (pika).
CREATE OR REPLACE TEMP TABLE b_taker AS
WITH takes AS MATERIALIZED (
    SELECT s.sid, s.psid, s.trace_id, s.span_id, s.parent_kind, s.service, s.resource_id, f.scope_id, f.kind, f.operation, f.system, f.destination,
        f.address, f.message_id, f.consumer_group, f.partition, f.log_offset, d.due_ns, s.start_ns, s.end_ns, s.failed
    FROM derived.span_field AS f JOIN derived.span AS s USING (sid) LEFT JOIN b_due AS d USING (sid)
    WHERE f.kind = 5 OR (f.kind = 3 AND f.operation IN ('receive', 'process', 'settle', 'reject'))
        OR (f.kind = 1 AND f.operation = 'process')
),
received AS MATERIALIZED (
    SELECT sid, service FROM takes WHERE kind = 5 AND operation = 'receive' AND parent_kind = 4 AND log_offset IS NOT NULL
),
worked AS (
    SELECT r.sid
    FROM received AS r JOIN derived.span AS s ON s.psid = r.sid AND s.service = r.service
    LEFT JOIN derived.span_field AS f ON f.sid = s.sid
    GROUP BY r.sid
    HAVING bool_or(f.operation IS NULL OR f.operation IN ('send', 'create'))
        AND NOT bool_or(f.operation IS NOT NULL AND f.operation IN ('receive', 'process'))
)
SELECT s.sid, s.psid, s.trace_id, s.span_id, s.service, r.instance, s.scope_id,
    CASE WHEN s.sid IN (SELECT sid FROM worked) THEN 'process' ELSE s.operation END AS operation, s.system, s.destination, s.address,
    s.message_id, coalesce(s.consumer_group, s.service) AS consumer_group, s.partition, s.log_offset, s.due_ns, s.start_ns, s.end_ns, s.failed
FROM takes AS s JOIN store.resource AS r USING (resource_id)
