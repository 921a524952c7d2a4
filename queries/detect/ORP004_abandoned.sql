-- code: ORP004
-- title: Abandoned execution
-- family: orphaned
-- severity: high
-- meaning: The execution has been quiet for far longer than its workflow ever is, and the step that
--   follows its last one in nearly every other execution never began.
-- cause: The hand-off was never made, or the next service never acted on it.
-- action: Find out from the last holder why it did not hand over, and start the next step.
-- unless: The missing step is optional (less than 80% go on to it, or others end here as a matter of
--   course), did not exist yet, only reads what somebody asked for, the execution went on by another
--   way (one that others took too, or back to an earlier participant after an error), did other work
--   than those that go on, was cancelled, refused, failed, or another finding explains it.
SELECT
    hex_trace_id(t.trace_id) || ':' || hex_span_id(t.span_id) AS anchor,
    [x.eid] AS eids,
    x.service, x.name AS step,
    'service' AS owner_kind, x.service AS owner_name, x.namespace AS owner_namespace,
    t.trace_id, [t.span_id] AS span_ids, x.end_ns AS since_ns, NULL AS seen_ns,
    printf('ended after %s (%s): %s (%s) never began, though it follows in %d of %d executions',
        a.name, a.service, x.name, x.service, x.followed, x.executions) AS message,
    json_object('last_step', a.name, 'last_service', a.service, 'missing_step', x.name, 'missing_service', x.service,
        'mature_ns', w.mature_ns, 'followed', x.followed, 'executions', x.executions,
        'also_missing', x.also) AS evidence,
    printf('Ask %s whether it handed over, and %s whether it received; start %s again.', a.service, x.service, x.name) AS next_action
FROM (
    SELECT *, coalesce(list(name) OVER (PARTITION BY eid ORDER BY end_ns, name ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), [])
        AS also
    FROM derived.expected_next
    WHERE matured AND eid IN (SELECT eid FROM derived.open_item WHERE holder_kind = 'between')
    QUALIFY row_number() OVER (PARTITION BY eid ORDER BY end_ns, name) = 1
) AS x
JOIN derived.step AS t ON t.step = x.step
JOIN derived.step AS a ON a.step = x.after_step
JOIN derived.model_workflow AS w ON w.wf = x.wf
