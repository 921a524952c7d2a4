-- Links of spans that stay to spans that go.
CREATE OR REPLACE TEMP TABLE victim_link AS
SELECT l.batch_id, l.span_no, l.position
FROM store.link AS l ANTI JOIN victim AS own USING (batch_id, span_no)
WHERE (l.linked_trace_id, l.linked_span_id) IN (SELECT (trace_id, span_id) FROM victim)
