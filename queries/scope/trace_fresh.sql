-- The traces of new spans; those that new spans link to, that link to new spans, and that tell of the same
-- messages: what is new may change them.
INSERT INTO s_trace
SELECT DISTINCT trace_id, false FROM (
    SELECT trace_id FROM s_fresh_id
    UNION ALL SELECT trace_id FROM s_fresh_told
    UNION ALL SELECT linked_trace_id FROM s_fresh_out
    UNION ALL
    SELECT l.trace_id FROM store.link AS l SEMI JOIN s_fresh_id AS s ON s.trace_id = l.linked_trace_id AND s.span_id = l.linked_span_id
    UNION ALL
    SELECT m.trace_id FROM derived.message_tie AS m SEMI JOIN s_fresh_tie AS t USING (tie)
)
