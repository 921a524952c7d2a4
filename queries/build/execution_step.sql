-- Steps of executions with their kind (st), which is what the model counts by workflow (wf).
CREATE OR REPLACE TABLE derived.execution_step AS
SELECT s.eid, s.step, e.wf, hash(t.service, t.name) AS st, t.last_attempt, t.failed
FROM b_run_step AS s JOIN derived.step AS t USING (step) JOIN derived.execution AS e USING (eid)
