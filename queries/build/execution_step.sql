-- Steps of executions with their kind (st), which is what the model counts by workflow (wf).
CREATE OR REPLACE TABLE derived.execution_step AS
SELECT s.eid, s.step, e.wf, s.st, s.last_attempt, s.failed FROM b_run_step AS s JOIN derived.execution AS e USING (eid)
