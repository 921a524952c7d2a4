-- The traces of executions that time alone may change: those with something open of which the last word
-- is not said.
INSERT INTO s_trace
WITH unsettled AS (
    SELECT eid FROM derived.expected_next WHERE NOT matured
    UNION
    SELECT x.eid FROM derived.waiting AS w JOIN derived.execution_step AS x ON x.step = w.producer_step
    WHERE NOT w.blind AND NOT (w.lost AND w.taken_later > 100)
    UNION
    SELECT x.eid FROM derived.missing_parent AS m JOIN derived.execution_step AS x ON x.step = m.step
    WHERE NOT m.always_missing AND NOT m.sampled
)
SELECT DISTINCT trace_id, false
FROM (
    SELECT t.trace_id FROM unsettled AS u JOIN derived.execution_step AS x USING (eid) JOIN derived.step AS t USING (step)
    UNION ALL SELECT trace_id FROM derived.logged_step
)
WHERE trace_id NOT IN (SELECT trace_id FROM s_trace)
