-- Steps that failed for good and told others, by something that runs only after failures: in
-- choreography that is how the one who fails hands the failure on.
WITH failed AS (
    SELECT DISTINCT x.eid FROM derived.execution_step AS x JOIN derived.step AS s USING (step)
    WHERE x.last_attempt AND s.failed
),
ordinary AS (
    SELECT DISTINCT e.workflow, s.service, s.name
    FROM derived.execution_step AS x JOIN derived.execution AS e USING (eid) JOIN derived.step AS s USING (step)
    ANTI JOIN failed AS f ON f.eid = x.eid
)
SELECT e.workflow, s.service, s.name, list(DISTINCT t.service ORDER BY t.service) AS told,
    list(DISTINCT m.destination ORDER BY m.destination) FILTER (m.destination IS NOT NULL) AS destinations,
    count(DISTINCT s.step) AS failures
FROM derived.execution_step AS x
JOIN derived.execution AS e USING (eid)
JOIN derived.step AS s USING (step)
JOIN derived.handoff AS h ON h.eid = x.eid AND h.from_step = s.step AND h.is_async
JOIN derived.step AS t ON t.step = h.to_step
LEFT JOIN derived.message AS m ON m.mid = h.mid
ANTI JOIN ordinary AS o ON o.workflow = e.workflow AND o.service = t.service AND o.name = t.name
WHERE x.last_attempt AND s.failed AND t.service != s.service AND e.workflow IN (SELECT workflow FROM ordinary)
    AND ($workflow IS NULL OR e.workflow = $workflow)
GROUP BY e.workflow, s.service, s.name
ORDER BY e.workflow, s.service, s.name
