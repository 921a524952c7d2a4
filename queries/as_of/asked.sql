-- The traces of $execution as it is known now; null means all.
CREATE OR REPLACE TEMP TABLE a_asked AS
SELECT DISTINCT t.trace_id
FROM derived.execution AS e
JOIN derived.execution_step AS x USING (eid)
JOIN derived.step AS t USING (step)
WHERE $execution IS NULL OR e.execution = $execution
