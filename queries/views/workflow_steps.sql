-- What each workflow does: its steps over all executions.
CREATE OR REPLACE VIEW workflow_steps AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
seen AS (SELECT wf, st, count(DISTINCT eid) AS executions, min(t.start_ns - e.start_ns) AS first_ns
    FROM derived.execution_step AS s JOIN derived.execution AS e USING (eid, wf) JOIN derived.step AS t USING (step) GROUP BY ALL)
SELECT w.workflow, m.service, m.name, kind_name(m.kind) AS kind, s.executions,
    s.executions / w.executions AS share, m.count, m.errors, m.errors / m.count AS error_rate,
    m.p50_ns, m.p95_ns, m.p99_ns, o.team
FROM derived.model_step AS m
JOIN derived.model_workflow AS w USING (wf)
JOIN seen AS s USING (wf, st)
LEFT JOIN service_owner AS o ON o.name = m.service AND o.namespace IS NOT DISTINCT FROM m.namespace
UNION ALL
-- Peers that send no telemetry.
SELECT w.workflow, v.service, v.name, v.peer_kind, count(DISTINCT x.eid),
    count(DISTINCT x.eid) / any_value(w.executions), count(*), count(*) FILTER (v.failed), count(*) FILTER (v.failed) / count(*),
    quantile_disc(v.end_ns - v.start_ns, 0.5), quantile_disc(v.end_ns - v.start_ns, 0.95),
    quantile_disc(v.end_ns - v.start_ns, 0.99), any_value(p.team)
FROM derived.virtual_step AS v
JOIN derived.execution_step AS x ON x.step = v.caller
JOIN derived.model_workflow AS w USING (wf)
LEFT JOIN (
    SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name
) AS p ON p.name = v.service
GROUP BY w.workflow, v.service, v.name, v.peer_kind
