-- The next steps that are expected and have not begun: per execution the first ones missing, after
-- the last step done that they follow. An execution that went on by another way that others took too
-- is not waiting, nor is one that did other work than those that go on, as at least three did; and
-- where consumers lost their links nobody can say.
CREATE OR REPLACE TABLE derived.expected_next AS
WITH done AS (
    SELECT s.eid, s.wf, s.st, arg_max(s.step, (t.end_ns, t.span_id)) AS step, max(t.end_ns) AS end_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND NOT t.failed AND NOT t.refused
    GROUP BY s.eid, s.wf, s.st
),
failed AS (
    SELECT DISTINCT s.eid, s.wf, s.st
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    WHERE s.last_attempt AND t.failed
),
present AS (SELECT DISTINCT eid, st FROM derived.execution_step),
lacking AS (
    SELECT d.eid, d.wf, d.step, d.st AS from_st, n.to_st, d.end_ns, n.followed, n.executions, n.deadline_ns, n.deadline_source
    FROM done AS d
    JOIN derived.model_next AS n ON n.wf = d.wf AND n.from_st = d.st AND n.expected AND d.end_ns >= n.first_ns
    ANTI JOIN present AS p ON p.eid = d.eid AND p.st = n.to_st
    QUALIFY row_number() OVER (PARTITION BY d.eid, n.to_st ORDER BY d.end_ns DESC, d.st) = 1
),
next_missing AS (
    SELECT l.* FROM lacking AS l
    WHERE NOT EXISTS (
        SELECT 1 FROM lacking AS o
        JOIN derived.model_next AS n ON n.wf = o.wf AND n.from_st = o.to_st AND n.expected
        WHERE o.eid = l.eid AND n.to_st = l.to_st)
    -- What leads there failed: what comes after a failure is another matter.
    AND NOT EXISTS (
        SELECT 1 FROM failed AS f
        JOIN derived.model_next AS n ON n.wf = f.wf AND n.from_st = f.st AND n.expected
        WHERE f.eid = l.eid AND f.wf = l.wf AND n.to_st = l.to_st)
),
went AS (
    SELECT DISTINCT h.eid, a.st AS from_st, b.st AS to_st
    FROM derived.handoff AS h
    JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
    JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
    WHERE h.is_async AND h.eid IN (SELECT eid FROM next_missing)
),
detour AS (
    -- Another successor, seen in at least three executions that lacked the expected one too.
    SELECT l.wf, l.from_st, l.to_st, w.to_st AS other_st
    FROM next_missing AS l JOIN went AS w ON w.eid = l.eid AND w.from_st = l.from_st
    GROUP BY l.wf, l.from_st, l.to_st, w.to_st HAVING count(DISTINCT l.eid) >= 3
),
repeated AS (
    SELECT wf, from_st, to_st FROM next_missing GROUP BY wf, from_st, to_st HAVING count(*) >= 3
),
-- What the step did by itself and in the calls it waited for; what it sent is the outcome.
work AS (
    SELECT o.step, hash(s.service, s.name, s.kind, s.failed) AS piece
    FROM derived.span_step AS o JOIN derived.span AS s USING (sid)
    WHERE s.kind != 4 AND o.step IN (SELECT d.step FROM done AS d SEMI JOIN repeated AS r ON r.wf = d.wf AND r.from_st = d.st)
    UNION
    SELECT h.from_step, hash(t.service, t.name, 'called', t.failed OR t.refused)
    FROM derived.handoff AS h JOIN derived.step AS t ON t.step = h.to_step
    WHERE NOT h.is_async
        AND h.from_step IN (SELECT d.step FROM done AS d SEMI JOIN repeated AS r ON r.wf = d.wf AND r.from_st = d.st)
),
shape AS (SELECT step, hash(list_sort(list(piece))) AS shape FROM work GROUP BY step),
variant AS (
    SELECT r.wf, r.from_st, r.to_st, h.shape
    FROM repeated AS r
    JOIN done AS d ON d.wf = r.wf AND d.st = r.from_st
    JOIN shape AS h ON h.step = d.step
    LEFT JOIN present AS p ON p.eid = d.eid AND p.st = r.to_st
    GROUP BY r.wf, r.from_st, r.to_st, h.shape
    HAVING count(*) >= 3 AND count(p.eid) = 0
),
unknowable AS (
    SELECT p.eid, u.consumer_service
    FROM derived.waiting AS u JOIN derived.execution_step AS p ON p.step = u.producer_step
    WHERE u.blind
)
SELECT l.*, k.service, k.namespace, k.name, e.horizon_ns,
    m.matured AND e.horizon_ns - e.end_ns > w.mature_ns + $grace_ns AS matured,
    e.horizon_ns - l.end_ns > l.deadline_ns + $grace_ns AS late
FROM next_missing AS l
JOIN derived.model_step AS k ON k.wf = l.wf AND k.st = l.to_st
JOIN b_matured AS m ON m.eid = l.eid
JOIN derived.execution AS e ON e.eid = l.eid
JOIN derived.model_workflow AS w ON w.wf = l.wf
WHERE NOT EXISTS (
        SELECT 1 FROM variant AS v JOIN shape AS h ON h.step = l.step AND h.shape = v.shape
        WHERE v.wf = l.wf AND v.from_st = l.from_st AND v.to_st = l.to_st)
    AND NOT EXISTS (SELECT 1 FROM unknowable AS u WHERE u.eid = l.eid AND u.consumer_service = k.service)
    AND NOT EXISTS (
        SELECT 1 FROM detour AS d JOIN went AS g ON g.eid = l.eid AND g.from_st = l.from_st AND g.to_st = d.other_st
        WHERE d.wf = l.wf AND d.from_st = l.from_st AND d.to_st = l.to_st)
