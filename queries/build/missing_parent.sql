-- Parents that never arrived although their children did: one row a missing span. Patience: the
-- arrival grace, and ten times as long as such callers last.
CREATE OR REPLACE TABLE derived.missing_parent AS
WITH orphan AS (
    SELECT s.trace_id, s.parent_span_id, min(s.start_ns) AS since_ns, max(s.end_ns) AS child_end_ns,
        list_sort(list(s.span_id)) AS children, arg_min(s.sid, (s.start_ns, s.span_id)) AS sid
    FROM derived.span AS s
    WHERE s.parent_span_id IS NOT NULL AND s.psid IS NULL AND s.parent_span_id != s.span_id
    GROUP BY ALL
),
life AS (SELECT service, instance, max(end_ns) AS last_ns FROM derived.span GROUP BY ALL)
SELECT o.*, t.step, c.service AS child_service, c.name AS child_name, c.caller_service, c.caller_namespace, c.caller_name, ks.kset,
    c.refs, c.missing, c.always_missing,
    tr.sampled, tr.end_ns AS trace_end_ns, x.horizon_ns,
    CASE WHEN c.times >= 30 THEN greatest(10 * c.p99_ns, 1000000000) ELSE $deadline_step_ns END AS deadline_ns,
    CASE WHEN c.times >= 30 THEN printf('learned: 10 x p99 of %d', c.times) ELSE 'default' END AS deadline_source,
    -- The caller's service: an instance that fell silent then while others went on, or all silent.
    (SELECT min(l.instance) FROM life AS l
        WHERE l.service = c.caller_service AND l.last_ns <= o.child_end_ns + 1000000000
            AND EXISTS (SELECT 1 FROM life AS m WHERE m.service = l.service AND m.last_ns > o.child_end_ns + 1000000000)
    ) AS vanished_instance,
    (SELECT max(l.last_ns) FROM life AS l WHERE l.service = c.caller_service) AS caller_last_ns
FROM orphan AS o
JOIN derived.span_step AS t USING (sid)
JOIN derived.step AS st ON st.step = t.step
JOIN derived.caller_type AS c ON c.service = st.service AND c.name = st.name
JOIN derived.span_set AS ks ON ks.sid = o.sid
JOIN derived.trace AS tr ON tr.trace_id = o.trace_id
JOIN derived.source AS x ON x.source_id = st.source_id
