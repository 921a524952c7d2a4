-- Which spans belong to which execution, and why.
CREATE OR REPLACE VIEW execution_spans AS
SELECT
    e.execution, hex_trace_id(d.trace_id) AS trace_id, hex_span_id(d.span_id) AS span_id,
    CASE WHEN starts_with(s.reason, 'own ') THEN s.reason || ', seen beside ' || coalesce(e.key, 'it')
    ELSE CASE s.reason
        WHEN 'own' THEN 'own ' || coalesce(e.key, 'key')
        WHEN 'ancestor' THEN 'inherited from ' || v.name || ' (' || v.service || ')'
        WHEN 'descendants' THEN 'all of its descendants belong here'
        WHEN 'trace' THEN 'the rest of its trace belongs here'
        WHEN 'link' THEN 'linked to ' || v.name || ' (' || v.service || ')'
        WHEN 'linked from' THEN 'linked from ' || v.name || ' (' || v.service || ')'
        WHEN 'message' THEN 'message ' || concat_ws('/', coalesce(f.destination, w.destination), f.partition,
            coalesce(f.log_offset, f.message_id, w.message_id))
        WHEN 'root' THEN 'no key: its trace and those linked to it'
    END END AS reason
FROM derived.span AS d
JOIN derived.span_set AS s USING (sid)
JOIN derived.span_step AS t USING (sid)
JOIN derived.execution_step AS x ON x.step = t.step
JOIN derived.execution AS e ON e.eid = x.eid
LEFT JOIN derived.span AS v ON v.sid = s.via
LEFT JOIN derived.span_field AS f ON f.sid = d.sid
LEFT JOIN derived.span_field AS w ON w.sid = s.via
