-- The hand-offs of each workflow, with how long the caller was held in a synchronous one.
WITH held AS (
    SELECT e.workflow, a.service AS from_service, a.name AS from_name, b.service AS to_service, b.name AS to_name, h.type,
        CASE WHEN p.kind = 3 THEN p.end_ns - p.start_ns ELSE b.end_ns - b.start_ns END AS held_ns
    FROM derived.handoff AS h
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS a ON a.step = h.from_step
    JOIN derived.step AS b ON b.step = h.to_step
    LEFT JOIN derived.span AS p ON p.sid = b.psid AND p.sid != h.from_step
    WHERE NOT h.is_async
    UNION ALL
    SELECT e.workflow, t.service, t.name, v.service, v.name, 'call', v.end_ns - v.start_ns
    FROM derived.virtual_step AS v
    JOIN derived.step AS t ON t.step = v.caller
    JOIN derived.execution_step AS x ON x.step = v.caller
    JOIN derived.execution AS e ON e.eid = x.eid
),
per_edge AS (
    SELECT workflow, from_service, from_name, to_service, to_name, type, 'sync' AS mode,
        sum(held_ns)::BIGINT AS held_ns, quantile_disc(held_ns, 0.5) AS p50_held_ns, quantile_disc(held_ns, 0.95) AS p95_held_ns
    FROM held GROUP BY workflow, from_service, from_name, to_service, to_name, type
),
-- The first by name, so that the answer is the same each time.
sent AS (
    SELECT workflow, from_service, from_name, to_service, to_name, type, mode, min(destination) AS destination
    FROM handoffs GROUP BY ALL
)
SELECT w.* REPLACE (s.destination AS destination), h.held_ns, h.p50_held_ns, h.p95_held_ns
FROM workflow_edges AS w
LEFT JOIN per_edge AS h USING (workflow, from_service, from_name, to_service, to_name, type, mode)
LEFT JOIN sent AS s USING (workflow, from_service, from_name, to_service, to_name, type, mode)
WHERE w.workflow IS NOT NULL AND ($workflow IS NULL OR w.workflow = $workflow)
ORDER BY w.workflow, w.executions DESC, w.from_service, w.from_name, w.to_service, w.to_name, w.type, w.mode
