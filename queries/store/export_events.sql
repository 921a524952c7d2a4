SELECT
    e.batch_id, e.span_no, e.position, e.trace_id::BLOB AS trace_id, e.span_id, e.time_ns, e.name,
    e.shape_id, e.vals, e.dropped_attributes
FROM store.event AS e SEMI JOIN wanted AS w USING (batch_id, span_no)
WHERE e.batch_id BETWEEN $first AND $last
ORDER BY e.batch_id, e.span_no, e.position
