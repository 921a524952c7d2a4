-- Steps that ran only after something had failed, in workflows that also go well: who runs them, and
-- who decided so, which is who handed the work to them.
WITH failed AS (
    SELECT x.eid, min(s.start_ns) AS failed_ns
    FROM derived.execution_step AS x JOIN derived.step AS s USING (step)
    WHERE x.last_attempt AND s.failed GROUP BY x.eid
),
ordinary AS (
    SELECT DISTINCT e.workflow, s.service, s.name
    FROM derived.execution_step AS x JOIN derived.execution AS e USING (eid) JOIN derived.step AS s USING (step)
    ANTI JOIN failed AS f ON f.eid = x.eid
),
undoing AS (
    SELECT e.workflow, x.eid, s.step, s.service, s.name, s.start_ns
    FROM derived.execution_step AS x
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS s USING (step)
    JOIN failed AS f ON f.eid = x.eid
    ANTI JOIN ordinary AS o ON o.workflow = e.workflow AND o.service = s.service AND o.name = s.name
    -- A client's or producer's span asks for the work; who does it is the step after it.
    WHERE s.start_ns >= f.failed_ns AND NOT s.failed AND s.kind NOT IN (3, 4)
        AND e.workflow IN (SELECT workflow FROM ordinary) AND ($workflow IS NULL OR e.workflow = $workflow)
),
decided AS (
    SELECT u.eid, u.step, arg_min(a.service, (a.service = u.service, h.type, a.start_ns)) AS service
    FROM undoing AS u
    JOIN derived.handoff AS h ON h.eid = u.eid AND h.to_step = u.step
    JOIN derived.step AS a ON a.step = h.from_step
    GROUP BY u.eid, u.step
),
did_before AS (
    SELECT u.eid, u.step, list(DISTINCT s.name ORDER BY s.name) AS names
    FROM undoing AS u
    JOIN derived.execution_step AS x ON x.eid = u.eid
    JOIN derived.step AS s ON s.step = x.step
    JOIN failed AS f ON f.eid = u.eid
    WHERE s.service = u.service AND NOT s.failed AND s.start_ns < f.failed_ns AND s.kind NOT IN (3, 4)
    GROUP BY u.eid, u.step
)
SELECT u.workflow, u.service, u.name, d.service AS decided_by, count(DISTINCT u.eid) AS executions,
    list_sort(list_distinct(flatten(list(coalesce(b.names, []))))) AS undoes
FROM undoing AS u
LEFT JOIN decided AS d USING (eid, step)
LEFT JOIN did_before AS b USING (eid, step)
GROUP BY u.workflow, u.service, u.name, d.service
ORDER BY u.workflow, executions DESC, u.service, u.name, decided_by
