-- Kinds of steps that each execution has done, and by which step last.
CREATE OR REPLACE TEMP TABLE b_done AS
SELECT s.eid, s.wf, s.st, arg_max(s.step, (t.end_ns, t.span_id)) AS step, max(t.end_ns) AS end_ns
FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
WHERE s.last_attempt AND NOT t.failed AND NOT t.refused
GROUP BY s.eid, s.wf, s.st
