-- Steps that succeeded and whose expected successor has not begun. An execution that went on by
-- another way that others took too is not waiting.
CREATE OR REPLACE TABLE derived.expected_next AS
WITH done AS (
    SELECT s.eid, s.wf, s.st, arg_max(s.step, (t.end_ns, t.span_id)) AS step, max(t.end_ns) AS end_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND NOT t.failed GROUP BY ALL
),
present AS (SELECT DISTINCT eid, st FROM derived.execution_step),
went AS (
    SELECT DISTINCT a.eid, a.wf, a.st AS from_st, b.st AS to_st
    FROM derived.handoff AS h
    JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
    JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
    WHERE h.is_async
),
lacking AS (
    SELECT d.eid, d.wf, d.step, d.st AS from_st, n.to_st, d.end_ns, n.followed, n.executions, n.deadline_ns, n.deadline_source
    FROM done AS d
    JOIN derived.model_next AS n ON n.wf = d.wf AND n.from_st = d.st AND n.expected
    ANTI JOIN present AS p ON p.eid = d.eid AND p.st = n.to_st
),
detour AS (
    -- Another successor, seen in at least three executions that lacked the expected one too.
    SELECT l.wf, l.from_st, l.to_st, w.to_st AS other_st
    FROM lacking AS l JOIN went AS w ON w.eid = l.eid AND w.from_st = l.from_st
    GROUP BY ALL HAVING count(DISTINCT l.eid) >= 3
)
SELECT l.*, k.service, k.namespace, k.name, m.matured, e.horizon_ns
FROM lacking AS l
JOIN derived.model_step AS k ON k.wf = l.wf AND k.st = l.to_st
JOIN b_matured AS m ON m.eid = l.eid
JOIN derived.execution AS e ON e.eid = l.eid
WHERE NOT EXISTS (
    SELECT 1 FROM detour AS d JOIN went AS w ON w.eid = l.eid AND w.from_st = l.from_st AND w.to_st = d.other_st
    WHERE d.wf = l.wf AND d.from_st = l.from_st AND d.to_st = l.to_st)
