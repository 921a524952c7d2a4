-- Single spans that the context links to: read for what they are, whether a publication was created before.
CREATE OR REPLACE TEMP TABLE s_beside AS
SELECT DISTINCT l.linked_trace_id AS trace_id, l.linked_span_id AS span_id
FROM store.link AS l SEMI JOIN s_context AS c USING (trace_id)
WHERE l.linked_trace_id NOT IN (SELECT trace_id FROM s_trace) AND l.linked_trace_id NOT IN (SELECT trace_id FROM s_context)
