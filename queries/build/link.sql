-- Links of the spans kept, with the sid of the linked span where it is stored.
CREATE OR REPLACE TABLE derived.link AS
SELECT s.sid, l.position, l.linked_trace_id, l.linked_span_id, t.sid AS linked_sid
FROM store.link AS l
JOIN derived.span AS s ON s.sid = (l.batch_id::BIGINT << 32) | l.span_no::BIGINT
LEFT JOIN derived.span AS t ON t.trace_id = l.linked_trace_id AND t.span_id = l.linked_span_id
