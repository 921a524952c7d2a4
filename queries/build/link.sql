-- Links of the spans kept, with the sid of the linked span where it is stored.
CREATE OR REPLACE TABLE derived.link AS
SELECT l.sid, l.position, l.linked_trace_id, l.linked_span_id, t.sid AS linked_sid
FROM (SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, position, linked_trace_id, linked_span_id FROM store.link) AS l
ANTI JOIN derived.span_dropped AS d ON d.sid = l.sid
LEFT JOIN derived.span AS t ON t.trace_id = l.linked_trace_id AND t.span_id = l.linked_span_id
