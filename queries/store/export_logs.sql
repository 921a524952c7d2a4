SELECT
    l.batch_id, l.log_no, l.resource_id, l.scope_id, l.trace_id::BLOB AS trace_id, l.span_id, l.flags,
    l.time_ns, l.observed_ns, l.severity, l.severity_text, l.event_name, l.body_type, l.body,
    l.shape_id, l.vals, l.dropped_attributes
FROM store.log AS l SEMI JOIN wanted AS w USING (batch_id, log_no)
WHERE l.batch_id BETWEEN $first AND $last
ORDER BY l.batch_id, l.log_no
