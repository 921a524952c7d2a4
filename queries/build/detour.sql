-- Other successors, each seen in at least three executions that lacked the expected one, and not in most of those
-- that had it: who tells somebody else with every order went no other way.
CREATE OR REPLACE TABLE derived.detour AS
WITH other AS (
    SELECT l.wf, l.from_st, l.to_st, w.to_st AS other_st
    FROM b_next_missing AS l JOIN b_went AS w ON w.eid = l.eid AND w.from_st = l.from_st
    GROUP BY l.wf, l.from_st, l.to_st, w.to_st HAVING count(DISTINCT l.eid) >= 3
),
as_a_rule AS (
    SELECT h.wf, h.from_st, h.to_st AS other_st, count(DISTINCT h.eid) AS executions
    FROM derived.handoff AS h SEMI JOIN other AS o ON o.wf = h.wf AND o.from_st = h.from_st AND o.other_st = h.to_st
    WHERE h.is_async AND h.eid NOT IN (SELECT eid FROM b_next_missing)
    GROUP BY ALL
)
SELECT o.* FROM other AS o
JOIN derived.model_next AS n ON n.wf = o.wf AND n.from_st = o.from_st AND n.to_st = o.to_st
LEFT JOIN as_a_rule AS r ON r.wf = o.wf AND r.from_st = o.from_st AND r.other_st = o.other_st
WHERE coalesce(r.executions, 0) < 0.5 * n.followed
