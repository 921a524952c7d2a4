-- Steps before a successor that at least three executions lack, and whether theirs does.
CREATE OR REPLACE TEMP TABLE b_before AS
WITH repeated AS (
    SELECT wf, from_st, to_st FROM b_next_missing GROUP BY wf, from_st, to_st HAVING count(*) >= 3
)
SELECT d.wf, r.from_st, r.to_st, d.step, p.eid IS NULL AS lacks
FROM b_kind AS d
JOIN repeated AS r ON r.wf = d.wf AND r.from_st = d.st
LEFT JOIN b_kind AS p ON p.eid = d.eid AND p.st = r.to_st
WHERE d.done > 0
