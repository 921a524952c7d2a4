-- Where the log records of an execution stand: those of its spans, and those of spans that were never
-- stored in traces of which every span is of this execution alone.
WITH of AS (
    SELECT DISTINCT d.trace_id, d.span_id, e.execution
    FROM derived.execution AS e
    JOIN derived.execution_step AS x USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
),
member AS (SELECT trace_id, span_id FROM of WHERE execution = $execution),
own AS (
    SELECT trace_id FROM of GROUP BY trace_id HAVING bool_and(execution = $execution)
)
SELECT l.batch_id, l.log_no FROM store.log AS l
WHERE (l.trace_id, l.span_id) IN (SELECT (trace_id, span_id) FROM member)
    OR (l.trace_id IN (SELECT trace_id FROM own)
        AND (l.trace_id, l.span_id) NOT IN (SELECT (trace_id, span_id) FROM store.span))
ORDER BY l.batch_id, l.log_no
