-- code: STL002
-- title: Next step has not begun
-- family: stalled
-- severity: medium
-- meaning: The step that is expected next has not begun although its deadline has passed. Once the
--   execution has matured, ORP004 takes over.
-- cause: The next service is behind, stuck, or never got the hand-off.
-- action: Ask the owner of the next step.
-- unless: The step is optional, it only reads what somebody asked for, the execution was
--   cancelled, or a waiting or lost message or a vanished caller explains it.
SELECT
    hex_trace_id(t.trace_id) || ':' || hex_span_id(t.span_id) AS anchor,
    [x.eid] AS eids,
    x.service, x.name AS step,
    'service' AS owner_kind, x.service AS owner_name, x.namespace AS owner_namespace,
    t.trace_id, [t.span_id] AS span_ids, x.end_ns AS since_ns, x.horizon_ns AS seen_ns,
    printf('%s (%s) should have begun after %s (%s): %.0f s ago, late after %.0f s',
        x.name, x.service, a.name, a.service, (x.horizon_ns - x.end_ns) / 1e9, (x.deadline_ns + $grace_ns) / 1e9) AS message,
    json_object('after', a.name, 'after_service', a.service, 'expected_step', x.name, 'expected_service', x.service,
        'waited_ns', x.horizon_ns - x.end_ns, 'deadline_ns', x.deadline_ns, 'deadline', x.deadline_source, 'arrival_grace_ns', $grace_ns,
        'followed', x.followed, 'executions', x.executions) AS evidence,
    printf('Ask %s why %s has not begun.', x.service, x.name) AS next_action
FROM (
    SELECT * FROM derived.expected_next
    WHERE late AND NOT matured AND eid IN (SELECT eid FROM derived.open_item WHERE holder_kind = 'between')
    QUALIFY row_number() OVER (PARTITION BY eid ORDER BY end_ns, name) = 1
) AS x
JOIN derived.step AS t ON t.step = x.step
JOIN derived.step AS a ON a.step = x.after_step
