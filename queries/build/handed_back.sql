-- Missing successors of steps that met an error, or were refused, and handed the work back to a service that took part
-- before, as they seldom do: a decline in a choreography. That is another way on, from the first time. So it is that
-- somebody took it all back, as its name says, by a step that they do not usually follow: an order that is cancelled is
-- not to be shipped.
-- needs: b_next_missing
CREATE OR REPLACE TEMP TABLE b_handed_back AS
WITH back AS (
    SELECT DISTINCT d.eid, d.wf, d.st, d.step, s.start_ns
    FROM derived.handoff AS h
    JOIN b_kind AS d ON d.eid = h.eid AND d.step = h.from_step
    JOIN derived.step AS s ON s.step = h.from_step
    JOIN derived.step AS t ON t.step = h.to_step AND t.service != s.service
    LEFT JOIN derived.model_next AS n ON n.wf = h.wf AND n.from_st = h.from_st AND n.to_st = h.to_st
    WHERE h.is_async AND h.eid IN (SELECT eid FROM b_next_missing) AND (n.wf IS NULL OR n.followed < 0.5 * n.executions)
        -- By one service's clock.
        AND EXISTS (
            SELECT 1 FROM derived.execution_step AS x JOIN derived.step AS p ON p.step = x.step
            WHERE x.eid = h.eid AND p.service = t.service AND p.name != t.name AND p.start_ns < t.start_ns)
),
met AS (
    SELECT o.step FROM derived.span_step AS o JOIN derived.span AS s USING (sid)
    WHERE s.failed AND o.step IN (SELECT step FROM back)
    UNION
    SELECT h.from_step FROM derived.handoff AS h JOIN derived.step AS t ON t.step = h.to_step
    WHERE NOT h.is_async AND (t.failed OR t.refused) AND h.from_step IN (SELECT step FROM back)
)
SELECT DISTINCT l.eid, l.to_st
FROM back AS b SEMI JOIN met USING (step)
JOIN derived.model_next AS n ON n.wf = b.wf AND n.from_st = b.st AND n.expected
JOIN b_next_missing AS l ON l.eid = b.eid AND l.to_st = n.to_st
-- Who tried it another way after that, and did not go on, is to go on.
JOIN derived.step AS t ON t.step = l.step AND t.start_ns <= b.start_ns
UNION
SELECT l.eid, l.to_st
FROM b_next_missing AS l
JOIN derived.execution_step AS x USING (eid)
JOIN derived.step AS t ON t.step = x.step AND t.start_ns >= l.end_ns AND NOT t.failed AND NOT t.refused AND is_undoing(t.name)
LEFT JOIN derived.model_next AS n ON n.wf = l.wf AND n.from_st = x.st AND n.to_st = l.to_st
WHERE n.wf IS NULL OR n.followed < 0.5 * n.executions
