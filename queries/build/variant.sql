-- Work after which the expected successor never came, in at least three executions.
CREATE OR REPLACE TABLE derived.variant AS
SELECT w.wf, w.from_st, w.to_st, h.shape
FROM b_wanted AS w JOIN b_shape AS h USING (step)
GROUP BY w.wf, w.from_st, w.to_st, h.shape
HAVING count(*) >= 3 AND bool_and(w.lacks)
