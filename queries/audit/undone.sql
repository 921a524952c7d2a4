-- For each step: in how many executions something failed for good after it had gone well, and in how
-- many of those its service ran a step that runs only after failures.
WITH failed AS (
    SELECT x.eid, min(s.start_ns) AS failed_ns, max(s.end_ns) AS failed_end_ns
    FROM derived.execution_step AS x JOIN derived.step AS s USING (step)
    JOIN derived.execution_state AS e USING (eid)
    -- Where the work went on nevertheless, there was nothing to undo.
    WHERE x.last_attempt AND s.failed AND e.status IN ('failed', 'compensated') GROUP BY x.eid
),
ordinary AS (
    SELECT DISTINCT e.workflow, s.service, s.name
    FROM derived.execution_step AS x JOIN derived.execution AS e USING (eid) JOIN derived.step AS s USING (step)
    ANTI JOIN failed AS f ON f.eid = x.eid
),
undoing AS (
    SELECT DISTINCT x.eid, s.service, s.name
    FROM derived.execution_step AS x
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS s USING (step)
    JOIN failed AS f ON f.eid = x.eid
    ANTI JOIN ordinary AS o ON o.workflow = e.workflow AND o.service = s.service AND o.name = s.name
    WHERE s.start_ns >= f.failed_ns AND NOT s.failed AND s.kind NOT IN (3, 4)
        AND e.workflow IN (SELECT workflow FROM ordinary)
),
went_well AS (
    SELECT DISTINCT e.workflow, x.eid, s.service, s.name
    FROM derived.execution_step AS x
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS s USING (step)
    JOIN failed AS f ON f.eid = x.eid
    -- Asking, and an engine's bookkeeping, leave nothing behind that could be undone; nor does reading.
    WHERE NOT s.failed AND s.end_ns <= f.failed_end_ns AND s.start_ns < f.failed_ns AND s.kind NOT IN (3, 4)
        AND NOT regexp_matches(s.name, '^(RunWorkflow:|CompleteWorkflow:|GET\b|HEAD\b)')
)
SELECT w.workflow, w.service, w.name, count(DISTINCT w.eid) AS failures_after,
    count(DISTINCT w.eid) FILTER (u.eid IS NOT NULL) AS undone,
    list(DISTINCT u.name ORDER BY u.name) FILTER (u.name IS NOT NULL) AS undone_by
FROM went_well AS w
LEFT JOIN undoing AS u ON u.eid = w.eid AND u.service = w.service AND u.name != w.name
WHERE w.workflow IS NOT NULL AND ($workflow IS NULL OR w.workflow = $workflow)
GROUP BY w.workflow, w.service, w.name
ORDER BY w.workflow, w.service, w.name
