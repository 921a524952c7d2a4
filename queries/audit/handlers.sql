-- Who handles the failures of each step: the nearest caller that did not fail as well. Null: all
-- callers failed, or there was none. A workflow engine's worker is called by the workflow, although
-- nothing waits for it in the sense of a trace.
WITH RECURSIVE up AS (
    SELECT x.eid, s.service, s.name, s.step AS origin, s.step AS here, s.failed AS failed, 0 AS depth,
        NOT x.last_attempt AS retried
    FROM derived.execution_step AS x JOIN derived.step AS s USING (step)
    WHERE s.failed
    UNION ALL
    SELECT x.eid, v.service, v.name, v.sid, v.caller, c.failed, 1, false
    FROM derived.virtual_step AS v
    JOIN derived.execution_step AS x ON x.step = v.caller
    JOIN derived.step AS c ON c.step = v.caller
    WHERE v.failed
    UNION
    SELECT u.eid, u.service, u.name, u.origin, h.from_step, c.failed, u.depth + 1, u.retried
    FROM up AS u
    JOIN derived.handoff AS h ON h.eid = u.eid AND h.to_step = u.here
    JOIN derived.step AS c ON c.step = h.from_step
    WHERE u.failed AND u.depth < 32 AND (NOT h.is_async OR starts_with(c.name, 'StartActivity:'))
),
outcome AS (
    SELECT eid, service, name, origin, bool_or(retried) AS retried,
        arg_min(here, depth) FILTER (NOT failed AND depth > 0) AS handler
    FROM up GROUP BY eid, service, name, origin
)
SELECT e.workflow, o.service, o.name, s.service AS handler, count(*) AS failures, count(*) FILTER (o.retried) AS retried
FROM outcome AS o
JOIN derived.execution AS e USING (eid)
LEFT JOIN derived.step AS s ON s.step = o.handler
WHERE e.workflow IS NOT NULL AND ($workflow IS NULL OR e.workflow = $workflow)
GROUP BY ALL
ORDER BY e.workflow, o.service, o.name, failures DESC, handler
