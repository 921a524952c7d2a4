-- Kinds of steps, by workflow, that run in executions in which nothing failed.
CREATE OR REPLACE TABLE derived.clean_step AS
WITH failed AS (
    SELECT DISTINCT s.eid
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step) WHERE s.last_attempt AND t.failed
)
SELECT DISTINCT s.wf, s.st FROM derived.execution_step AS s ANTI JOIN failed USING (eid)
