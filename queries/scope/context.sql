-- Traces that stand beside those: tied to them, or linking to what they link to. They are read whole, so that
-- shared messages and batches are seen whole, but what is concluded of them is left as it is.
CREATE OR REPLACE TEMP TABLE s_context AS
WITH target AS (
    SELECT DISTINCT l.linked_trace_id, l.linked_span_id FROM store.link AS l SEMI JOIN s_trace USING (trace_id)
)
SELECT trace_id FROM s_tied_all
UNION
SELECT l.trace_id FROM store.link AS l SEMI JOIN target AS t
    ON t.linked_trace_id = l.linked_trace_id AND t.linked_span_id = l.linked_span_id
EXCEPT
SELECT trace_id FROM s_trace
