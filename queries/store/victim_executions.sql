-- Executions of which spans are about to be deleted.
SELECT DISTINCT e.execution
FROM victim AS v
JOIN store.span AS s USING (batch_id, span_no)
JOIN derived.span AS d ON d.trace_id = s.trace_id AND d.span_id = s.span_id
JOIN derived.span_step AS t USING (sid)
JOIN derived.execution_step AS x USING (step)
JOIN derived.execution AS e USING (eid)
ORDER BY 1
