INSERT INTO s_trace
SELECT DISTINCT trace_id, false FROM (
    SELECT k.trace_id FROM derived.key_tie AS k SEMI JOIN s_disturbed USING (vid)
    UNION ALL
    SELECT t.trace_id FROM derived.execution AS e SEMI JOIN s_disturbed USING (vid)
    JOIN derived.execution_step AS x USING (eid) JOIN derived.step AS t USING (step)
) WHERE trace_id NOT IN (SELECT trace_id FROM s_trace)
