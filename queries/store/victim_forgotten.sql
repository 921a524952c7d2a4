-- The spans of these executions, every copy of each; those that others have a part in only if $shared.
CREATE OR REPLACE TEMP TABLE victim AS
WITH member AS (
    SELECT d.trace_id, d.span_id, bool_or(e.execution IN (SELECT unnest($executions::VARCHAR[]))) AS theirs,
        bool_and(e.execution IN (SELECT unnest($executions::VARCHAR[]))) AS alone
    FROM derived.execution AS e
    JOIN derived.execution_step AS x USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    GROUP BY d.trace_id, d.span_id
)
SELECT s.batch_id, s.span_no, s.trace_id, s.span_id
FROM store.span AS s JOIN member AS m USING (trace_id, span_id)
WHERE m.theirs AND (m.alone OR $shared)
