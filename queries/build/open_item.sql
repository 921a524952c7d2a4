-- Everything open in an execution: one row a branch (design section 10). late: beyond its deadline.
CREATE OR REPLACE TABLE derived.open_item AS
SELECT e.eid, 'queue' AS holder_kind, w.destination AS holder, NULL AS namespace, w.system,
    CASE WHEN w.overtaken THEN 'lost in the queue' ELSE 'waiting in the queue' END AS state,
    w.published_ns AS since_ns, w.waited_ns > w.deadline_ns AS late, false AS matured,
    json_object('published_by', w.producer_service, 'span_id', hex_span_id(w.span_id), 'awaited_by', w.consumer_group,
        'deadline_ns', w.deadline_ns, 'deadline', w.deadline_source, 'taken_later', w.taken_later) AS evidence,
    w.mid, NULL::BIGINT AS step
FROM derived.waiting AS w
JOIN derived.set_identity AS i USING (kset)
JOIN derived.execution_step AS s ON s.step = w.producer_step
JOIN derived.execution AS e ON e.eid = s.eid AND e.vid = i.vid
UNION ALL
SELECT e.eid, 'service', coalesce(m.caller_service, m.child_service), m.caller_namespace, NULL,
    CASE WHEN m.horizon_ns - m.trace_end_ns > greatest(m.deadline_ns, $grace_ns) THEN 'vanished in ' ELSE 'executing ' END
        || coalesce(m.caller_name, 'a caller of ' || m.child_name),
    m.since_ns, m.horizon_ns - m.trace_end_ns > greatest(m.deadline_ns, $grace_ns), false,
    json_object('missing_span_id', hex_span_id(m.parent_span_id), 'child', m.child_service || ' ' || m.child_name,
        'deadline_ns', m.deadline_ns, 'deadline', m.deadline_source),
    NULL, m.step
FROM derived.missing_parent AS m
JOIN derived.set_identity AS i USING (kset)
JOIN derived.execution_step AS s ON s.step = m.step
JOIN derived.execution AS e ON e.eid = s.eid AND e.vid = i.vid
WHERE NOT m.always_missing AND NOT m.sampled
UNION ALL
SELECT x.eid, 'between', x.service, x.namespace, NULL,
    CASE WHEN x.matured THEN x.name || ' never began' ELSE 'before ' || x.name END,
    x.end_ns, x.horizon_ns - x.end_ns > x.deadline_ns, x.matured,
    json_object('after', t.service || ' ' || t.name, 'span_id', hex_span_id(t.span_id), 'expected', x.name,
        'followed', x.followed, 'executions', x.executions, 'deadline_ns', x.deadline_ns, 'deadline', x.deadline_source),
    NULL, x.step
FROM derived.expected_next AS x JOIN derived.step AS t ON t.step = x.step
