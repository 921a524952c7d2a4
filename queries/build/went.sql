-- By which asynchronous hand-offs those executions went on all the same.
CREATE OR REPLACE TEMP TABLE b_went AS
SELECT DISTINCT h.eid, a.st AS from_st, b.st AS to_st
FROM derived.handoff AS h
JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
WHERE h.is_async AND h.eid IN (SELECT eid FROM b_next_missing)
