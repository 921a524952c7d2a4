-- Steps of executions with their type: what the model counts. ok: the piece of work of which this
-- is the last attempt succeeded.
CREATE OR REPLACE TABLE derived.execution_step AS
SELECT s.eid, s.step, e.wf, hash(s.service, s.name) AS st,
    coalesce(lead(s.attempt) OVER piece, 1) = 1 AS last_attempt
FROM b_run_step AS s JOIN derived.execution AS e USING (eid)
WINDOW piece AS (
    PARTITION BY s.eid, s.caller, s.service, s.name, s.kind, s.activity, s.mid ORDER BY s.start_ns, s.span_id)
