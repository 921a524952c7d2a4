-- Links of the spans kept, with the sid of the linked span where it is stored.
CREATE OR REPLACE TABLE derived.link AS
SELECT s.sid, l.position, l.linked_trace_id, l.linked_span_id, t.sid AS linked_sid
FROM store.link AS l
JOIN derived.span AS s ON s.batch_id = l.batch_id AND s.span_no = l.span_no
LEFT JOIN derived.span AS t ON t.trace_id = l.linked_trace_id AND t.span_id = l.linked_span_id
