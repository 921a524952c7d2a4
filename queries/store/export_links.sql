SELECT
    l.batch_id, l.span_no, l.position, l.trace_id::BLOB AS trace_id, l.span_id,
    l.linked_trace_id::BLOB AS linked_trace_id, l.linked_span_id, l.trace_state, l.flags,
    l.shape_id, l.vals, l.dropped_attributes
FROM store.link AS l SEMI JOIN wanted AS w USING (batch_id, span_no)
WHERE l.batch_id BETWEEN $first AND $last
ORDER BY l.batch_id, l.span_no, l.position
