-- Parents that never arrived although their children did: one row a missing span, with the steps of all its children:
-- those below a batch may each be another execution's. Patience is ten
-- times as long as such callers last, and the arrival grace. What began so soon after its source did
-- that the parent may have ended before has nothing missing (always_missing, too). Log records that carry
-- its id prove that it was at work until then (design section 10). left_ns: until the horizon is that much later,
-- time alone changes nothing. last_child_ns: when it last went on, as far as its children tell.
CREATE OR REPLACE TABLE derived.missing_parent AS
WITH orphan AS (
    SELECT trace_id, parent_span_id, min(start_ns) AS since_ns, max(end_ns) AS child_end_ns, max(start_ns) AS last_child_ns,
        list_sort(list(span_id)) AS children, list(sid) AS sids, arg_min(sid, (start_ns, span_id)) AS sid,
        arg_min(source_id, (start_ns, span_id)) AS source_id,
        arg_min(s.service, (start_ns, span_id)) AS child_service, arg_min(name, (start_ns, span_id)) AS child_name,
        arg_min(r.instance, (start_ns, span_id)) AS child_instance
    FROM derived.span AS s JOIN store.resource AS r USING (resource_id)
    WHERE parent_span_id IS NOT NULL AND psid IS NULL AND parent_span_id != span_id
    GROUP BY trace_id, parent_span_id
),
member AS (
    SELECT o.sid, min(t.step) FILTER (o.child = o.sid) AS step, list(DISTINCT t.step ORDER BY t.step) AS steps,
        min(k.kset) FILTER (o.child = o.sid) AS kset, list(DISTINCT k.kset ORDER BY k.kset) AS ksets
    FROM (SELECT sid, unnest(sids) AS child FROM orphan) AS o
    JOIN derived.span_step AS t ON t.sid = o.child
    JOIN derived.span_set AS k ON k.sid = o.child
    GROUP BY o.sid
),
-- The one instance that fell silent when the orphan did, by its own rhythm, while others of the service
-- went on. The child's own instance where the caller is of the same service. Several fell silent: a
-- deployment, which explains nothing.
vanished AS (
    SELECT o.sid, min(l.instance) AS instance
    FROM orphan AS o
    JOIN derived.caller_type AS c ON c.service = o.child_service AND c.name = o.child_name
    JOIN derived.instance AS l ON l.service = c.caller_service AND l.last_ns <= o.child_end_ns + 1000000000
    JOIN derived.rhythm AS h ON h.service = l.service AND h.instance = l.instance AND l.last_ns >= o.since_ns - h.quiet_ns
    JOIN (SELECT service, max(last_ns) AS last_ns FROM derived.instance GROUP BY service) AS w
        ON w.service = l.service AND w.last_ns > greatest(o.child_end_ns, l.last_ns + h.quiet_ns) + 1000000000
    WHERE c.caller_service != o.child_service OR l.instance = o.child_instance
    GROUP BY o.sid HAVING count(DISTINCT l.instance) = 1
),
patience AS (
    SELECT *, CASE WHEN times >= 30 THEN learned_deadline(p99_ns)
        ELSE greatest($deadline_step_ns, learned_deadline(coalesce(p99_ns, 0))) END AS deadline_ns,
        CASE WHEN times >= 30 THEN learned_deadline(p99_lead_ns)
            ELSE greatest($deadline_step_ns, learned_deadline(coalesce(p99_lead_ns, 0))) END AS lead_ns
    FROM derived.caller_type
),
known AS (
    SELECT o.sid,
        coalesce(list_min(list_transform(list_filter(x.gaps, lambda g: g.to_ns > tr.end_ns), lambda g: g.from_ns)), x.horizon_ns) AS horizon_ns,
        coalesce(list_max(list_transform(list_filter(x.gaps, lambda g: g.from_ns < o.since_ns), lambda g: g.to_ns)), x.begin_ns) AS begin_ns
    FROM orphan AS o JOIN derived.trace AS tr ON tr.trace_id = o.trace_id JOIN derived.source AS x ON x.source_id = o.source_id
)
SELECT o.* EXCLUDE (child_instance, sids), m.step, m.steps, c.caller_service, c.caller_namespace, c.caller_name, m.kset, m.ksets,
    c.refs, c.missing, c.always_missing OR o.since_ns - x.begin_ns <= c.lead_ns AS always_missing,
    tr.sampled, greatest(tr.end_ns, coalesce(g.last_ns, 0)) AS trace_end_ns, g.last_ns AS logged_ns, x.horizon_ns,
    c.deadline_ns,
    CASE WHEN c.times >= 30 THEN printf('learned: 10 x p99 of %d', c.times) ELSE 'default' END AS deadline_source,
    $grace_ns + c.deadline_ns - (x.horizon_ns - greatest(tr.end_ns, coalesce(g.last_ns, 0))) AS left_ns, left_ns < 0 AS vanished,
    v.instance AS vanished_instance
FROM orphan AS o
JOIN member AS m ON m.sid = o.sid
JOIN patience AS c ON c.service = o.child_service AND c.name = o.child_name
JOIN derived.trace AS tr ON tr.trace_id = o.trace_id
JOIN known AS x ON x.sid = o.sid
LEFT JOIN vanished AS v ON v.sid = o.sid
LEFT JOIN derived.span_log AS g ON g.trace_id = o.trace_id AND g.span_id = o.parent_span_id
