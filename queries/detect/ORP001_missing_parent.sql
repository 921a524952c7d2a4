-- code: ORP001
-- title: Missing parent
-- family: orphaned
-- severity: high
-- meaning: Spans arrived whose parent never did, although the trace and its log have been quiet for
--   longer than such callers last. The step that did this work vanished, and what it held with it.
-- cause: The caller's process died before it could export (crashed), its exporter dropped the span
--   (dropped), or it is not known (unknown).
-- action: Look at the named caller and instance at that time; decide whether its work has to be
--   done again.
-- unless: The caller is always missing on this edge (an uninstrumented gateway), it is a page or an app
--   on somebody's device, the trace is sampled, the caller's service sent nothing at all then, the
--   caller may still be running, or it waited for a callee that vanished: that is one finding, the callee's.
SELECT
    hex_trace_id(m.trace_id) || ':' || hex_span_id(m.parent_span_id) AS anchor,
    x.eids,
    coalesce(m.caller_service, m.child_service) AS service, coalesce(m.caller_name, m.child_name) AS step,
    'service' AS owner_kind, coalesce(m.caller_service, m.child_service) AS owner_name, m.caller_namespace AS owner_namespace,
    m.trace_id, m.children AS span_ids, m.since_ns, m.trace_end_ns AS seen_ns,
    printf('%s (%s) began and never ended: its child %s in %s arrived, it did not. Cause: %s',
        m.caller_name, m.caller_service, m.child_name, m.child_service,
        CASE WHEN m.vanished_instance IS NOT NULL
            THEN 'crashed, instance ' || m.vanished_instance || ' fell silent then' ELSE 'unknown' END) AS message,
    json_object(
        'missing_span_id', hex_span_id(m.parent_span_id),
        'cause', CASE WHEN m.vanished_instance IS NOT NULL THEN 'crashed' ELSE 'unknown' END,
        'instance', m.vanished_instance, 'last_log_ns', m.logged_ns,
        'deadline_ns', m.deadline_ns,
        'deadline', m.deadline_source, 'arrival_grace_ns', $grace_ns, 'edge_seen', m.refs, 'edge_missing', m.missing) AS evidence,
    printf('Ask %s what happened to %s at that time; if the work was not finished, run it again.',
        m.caller_service, coalesce('instance ' || m.vanished_instance, 'this call')) AS next_action
FROM derived.missing_parent AS m
JOIN (
    SELECT p.sid, list(DISTINCT x.eid ORDER BY x.eid) AS eids
    FROM (SELECT sid, unnest(steps) AS step FROM derived.missing_parent) AS p JOIN derived.execution_step AS x USING (step)
    GROUP BY p.sid
) AS x ON x.sid = m.sid
WHERE NOT m.always_missing AND NOT m.sampled
    AND m.vanished
    AND NOT EXISTS (
        SELECT 1 FROM derived.service_silence AS s
        WHERE s.service = m.caller_service AND s.from_ns <= m.child_end_ns AND s.to_ns >= m.since_ns)
