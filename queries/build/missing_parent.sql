-- Parents that never arrived although their children did: one row a missing span. Patience is ten
-- times as long as such callers last, and the arrival grace.
CREATE OR REPLACE TABLE derived.missing_parent AS
WITH orphan AS (
    SELECT trace_id, parent_span_id, min(start_ns) AS since_ns, max(end_ns) AS child_end_ns,
        list_sort(list(span_id)) AS children, arg_min(sid, (start_ns, span_id)) AS sid,
        arg_min(source_id, (start_ns, span_id)) AS source_id,
        arg_min(service, (start_ns, span_id)) AS child_service, arg_min(name, (start_ns, span_id)) AS child_name,
        arg_min(instance, (start_ns, span_id)) AS child_instance
    FROM derived.span
    WHERE parent_span_id IS NOT NULL AND psid IS NULL AND parent_span_id != span_id
    GROUP BY trace_id, parent_span_id
),
life AS (SELECT service, instance, max(end_ns) AS last_ns FROM derived.span GROUP BY service, instance),
-- Instances that fell silent when the orphan did while others of the service went on. The child's
-- own instance where the caller is of the same service.
vanished AS (
    SELECT o.sid, min(l.instance) AS instance
    FROM orphan AS o
    JOIN derived.caller_type AS c ON c.service = o.child_service AND c.name = o.child_name
    JOIN life AS l ON l.service = c.caller_service AND l.last_ns <= o.child_end_ns + 1000000000
    JOIN (SELECT service, max(last_ns) AS last_ns FROM life GROUP BY service) AS w
        ON w.service = l.service AND w.last_ns > o.child_end_ns + 1000000000
    WHERE c.caller_service != o.child_service OR l.instance = o.child_instance
    GROUP BY o.sid
)
SELECT o.* EXCLUDE (child_instance), t.step, c.caller_service, c.caller_namespace, c.caller_name, ks.kset,
    c.refs, c.missing, c.always_missing,
    tr.sampled, tr.end_ns AS trace_end_ns, x.horizon_ns,
    CASE WHEN c.times >= 30 THEN learned_deadline(c.p99_ns) ELSE $deadline_step_ns END AS deadline_ns,
    CASE WHEN c.times >= 30 THEN printf('learned: 10 x p99 of %d', c.times) ELSE 'default' END AS deadline_source,
    x.horizon_ns - tr.end_ns > $grace_ns
        + CASE WHEN c.times >= 30 THEN learned_deadline(c.p99_ns) ELSE $deadline_step_ns END AS vanished,
    v.instance AS vanished_instance
FROM orphan AS o
JOIN derived.span_step AS t USING (sid)
JOIN derived.caller_type AS c ON c.service = o.child_service AND c.name = o.child_name
JOIN derived.span_set AS ks ON ks.sid = o.sid
JOIN derived.trace AS tr ON tr.trace_id = o.trace_id
JOIN derived.source AS x ON x.source_id = o.source_id
LEFT JOIN vanished AS v ON v.sid = o.sid
