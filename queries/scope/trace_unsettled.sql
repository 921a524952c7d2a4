-- The traces of executions that time alone may change: those with something open whose time is over (left_ns), and
-- of which the last word is not said. What is within its deadline is as it was.
INSERT INTO s_trace
WITH known AS (SELECT max(horizon_ns) AS horizon_ns FROM derived.source),
unsettled AS (
    SELECT x.eid FROM derived.expected_next AS x JOIN known AS k ON k.horizon_ns - x.horizon_ns > x.left_ns
    WHERE NOT x.matured
    UNION
    SELECT x.eid FROM derived.waiting AS w JOIN known AS k ON k.horizon_ns - w.horizon_ns > w.left_ns
    JOIN derived.execution_step AS x ON x.step = w.producer_step
    WHERE NOT w.blind AND NOT (w.lost AND w.taken_later > 100)
    UNION
    SELECT x.eid FROM derived.redelivery AS r JOIN known AS k ON k.horizon_ns - r.horizon_ns > r.left_ns
    JOIN derived.execution_step AS x ON x.step = r.step
    UNION
    SELECT x.eid
    FROM (
        SELECT unnest(m.steps) AS step
        FROM derived.missing_parent AS m JOIN known AS k ON k.horizon_ns - m.horizon_ns > m.left_ns
        WHERE NOT m.always_missing AND NOT m.sampled
    ) AS m JOIN derived.execution_step AS x USING (step)
    UNION
    -- What nobody will take up is abandoned once the execution has matured.
    SELECT o.eid
    FROM derived.open_item AS o
    JOIN derived.execution_state AS s ON s.eid = o.eid AND NOT s.matured
    JOIN derived.execution AS e ON e.eid = o.eid
    JOIN derived.model_workflow AS m USING (wf)
    JOIN known AS k ON k.horizon_ns - e.end_ns > m.mature_ns
    WHERE o.gone
)
SELECT DISTINCT trace_id, false
FROM (
    SELECT t.trace_id FROM unsettled AS u JOIN derived.execution_step AS x USING (eid) JOIN derived.step AS t USING (step)
    UNION ALL SELECT trace_id FROM derived.logged_step
)
WHERE trace_id NOT IN (SELECT trace_id FROM s_trace)
