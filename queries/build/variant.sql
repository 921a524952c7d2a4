-- Work after which the expected successor never came, in at least three executions.
CREATE OR REPLACE TABLE derived.variant AS
SELECT w.wf, w.from_st, w.to_st, h.shape
FROM b_wanted AS w
JOIN b_shape AS h USING (step)
LEFT JOIN (SELECT DISTINCT eid, st FROM derived.execution_step) AS p ON p.eid = w.eid AND p.st = w.to_st
GROUP BY w.wf, w.from_st, w.to_st, h.shape
HAVING count(*) >= 3 AND count(p.eid) = 0
