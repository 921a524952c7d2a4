-- How many spans of these executions others have a part in, too.
SELECT count(*) FROM (
    SELECT d.sid
    FROM derived.execution AS e
    JOIN derived.execution_step AS x USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    GROUP BY d.sid
    HAVING bool_or(e.execution IN (SELECT unnest($executions::VARCHAR[])))
        AND NOT bool_and(e.execution IN (SELECT unnest($executions::VARCHAR[])))
)
