-- Other successors, each seen in at least three executions that lacked the expected one.
CREATE OR REPLACE TABLE derived.detour AS
SELECT l.wf, l.from_st, l.to_st, w.to_st AS other_st
FROM b_next_missing AS l JOIN b_went AS w ON w.eid = l.eid AND w.from_st = l.from_st
GROUP BY l.wf, l.from_st, l.to_st, w.to_st HAVING count(DISTINCT l.eid) >= 3
