-- Steps whose work is compared: those before a successor that at least three executions lack.
CREATE OR REPLACE TEMP TABLE b_wanted AS
WITH repeated AS (
    SELECT wf, from_st, to_st FROM b_next_missing GROUP BY wf, from_st, to_st HAVING count(*) >= 3
)
SELECT d.eid, d.wf, d.step, r.from_st, r.to_st FROM b_done AS d JOIN repeated AS r ON r.wf = d.wf AND r.from_st = d.st
