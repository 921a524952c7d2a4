SELECT
    s.batch_id, s.span_no, s.resource_id, s.scope_id, s.trace_id::BLOB AS trace_id, s.span_id,
    s.parent_span_id, s.trace_state, s.flags, s.name, s.kind, s.start_ns, s.end_ns, s.shape_id,
    s.vals, s.dropped_attributes, s.dropped_events, s.dropped_links, s.status, s.status_message
FROM store.span AS s SEMI JOIN wanted AS w USING (batch_id, span_no)
WHERE s.batch_id BETWEEN $first AND $last
ORDER BY s.batch_id, s.span_no
