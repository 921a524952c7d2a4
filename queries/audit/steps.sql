-- The steps of each workflow, with how often they were tried again and what of that went well.
WITH tried AS (
    SELECT e.workflow, s.service, s.name,
        count(*) FILTER (s.attempt > 1) AS retries,
        count(*) FILTER (s.attempt > 1 AND NOT s.failed) AS retried_well,
        count(*) FILTER (s.failed AND x.last_attempt) AS failed_for_good,
        bool_or(s.operation IS NOT NULL) AS takes_message
    FROM derived.execution_step AS x
    JOIN derived.execution AS e USING (eid)
    JOIN derived.step AS s USING (step)
    GROUP BY ALL
)
SELECT
    w.workflow, w.service, w.name, any_value(w.kind) AS kind, any_value(w.team) AS team,
    t.service IS NULL AS is_virtual, max(w.executions) AS executions, sum(w.count)::BIGINT AS count,
    sum(w.errors)::BIGINT AS errors, max(w.p50_ns) AS p50_ns, max(w.p95_ns) AS p95_ns,
    any_value(coalesce(t.retries, 0)) AS retries, any_value(coalesce(t.retried_well, 0)) AS retried_well,
    any_value(coalesce(t.failed_for_good, w.errors)) AS failed_for_good
FROM workflow_steps AS w
LEFT JOIN tried AS t USING (workflow, service, name)
WHERE w.workflow IS NOT NULL AND ($workflow IS NULL OR w.workflow = $workflow)
GROUP BY w.workflow, w.service, w.name, t.service
ORDER BY w.workflow, executions DESC, w.service, w.name
