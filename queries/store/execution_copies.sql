-- Where the spans of an execution stand, every copy of each.
WITH member AS (
    SELECT DISTINCT d.trace_id, d.span_id
    FROM derived.execution AS e
    JOIN derived.execution_step AS x USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    WHERE e.execution = $execution
)
SELECT s.batch_id, s.span_no FROM store.span AS s SEMI JOIN member AS m USING (trace_id, span_id)
ORDER BY s.batch_id, s.span_no
