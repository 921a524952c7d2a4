-- The next steps that are expected and have not begun: per execution the first ones missing, after
-- the last step done that they follow. An execution that went on by another way that others took too
-- is not waiting, nor is one whose work was handed back after an error, nor one that did other work
-- than those that go on, as at least three did; and where consumers lost their links nobody can say.
-- step: the last done that it usually follows; after_step: the last of those that it could follow. left_ns: until the
-- horizon is that much later, time alone changes nothing.
-- needs: b_next_missing
CREATE OR REPLACE TABLE derived.expected_next AS
WITH unknowable AS (
    SELECT p.eid, u.consumer_service
    FROM derived.waiting AS u JOIN derived.execution_step AS p ON p.step = u.producer_step
    WHERE u.blind
),
-- Where branches meet, the one that ended last let it go on, not the one that usually does.
met AS (
    SELECT l.eid, l.to_st, max(t.end_ns) AS end_ns, arg_max(t.step, (t.end_ns, t.span_id)) AS step
    FROM b_next_missing AS l
    JOIN derived.model_step AS k ON k.wf = l.wf AND k.st = l.to_st
    JOIN b_workflow AS w ON w.eid = l.eid
    JOIN derived.usual_source AS u
        ON u.workflow = w.service || '/' || w.workflow AND u.service = k.service AND u.name = k.name AND len(u.sources) > 1
    JOIN derived.execution_step AS x ON x.eid = l.eid
    JOIN derived.step AS t ON t.step = x.step AND t.end_ns > l.end_ns AND NOT t.failed
        AND list_contains(u.sources, t.service || '/' || t.name)
    GROUP BY l.eid, l.to_st
),
lacking AS (
    SELECT l.* REPLACE (coalesce(m.end_ns, l.end_ns) AS end_ns), coalesce(m.step, l.step) AS after_step
    FROM b_next_missing AS l LEFT JOIN met AS m ON m.eid = l.eid AND m.to_st = l.to_st
)
SELECT l.*, k.service, k.namespace, k.name, e.horizon_ns,
    m.matured AND e.horizon_ns - e.end_ns > w.mature_ns + $grace_ns AS matured,
    e.horizon_ns - l.end_ns > l.deadline_ns + $grace_ns AS late,
    $grace_ns + least(l.deadline_ns - (e.horizon_ns - l.end_ns), w.mature_ns - (e.horizon_ns - e.end_ns)) AS left_ns
FROM lacking AS l
JOIN derived.model_step AS k ON k.wf = l.wf AND k.st = l.to_st
JOIN b_matured AS m ON m.eid = l.eid
JOIN derived.execution AS e ON e.eid = l.eid
JOIN derived.model_workflow AS w ON w.wf = l.wf
WHERE NOT EXISTS (
        SELECT 1 FROM derived.variant AS v JOIN b_shape AS h ON h.step = l.step AND h.shape = v.shape
        WHERE v.wf = l.wf AND v.from_st = l.from_st AND v.to_st = l.to_st)
    AND NOT EXISTS (SELECT 1 FROM unknowable AS u WHERE u.eid = l.eid AND u.consumer_service = k.service)
    AND NOT EXISTS (
        SELECT 1 FROM derived.detour AS d JOIN b_went AS g ON g.eid = l.eid AND g.from_st = l.from_st AND g.to_st = d.other_st
        WHERE d.wf = l.wf AND d.from_st = l.from_st AND d.to_st = l.to_st)
    AND NOT EXISTS (SELECT 1 FROM b_handed_back AS b WHERE b.eid = l.eid AND b.to_st = l.to_st)
