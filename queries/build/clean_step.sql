-- Kinds of steps, by workflow, that run in executions in which nothing failed.
CREATE OR REPLACE TABLE derived.clean_step AS
WITH failed AS (
    SELECT DISTINCT eid FROM derived.execution_step WHERE last_attempt AND failed
)
SELECT DISTINCT s.wf, s.st FROM derived.execution_step AS s ANTI JOIN failed USING (eid)
