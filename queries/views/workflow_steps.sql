-- What each workflow does: its steps over all executions.
CREATE OR REPLACE VIEW workflow_steps AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
peer_owner AS (SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name),
step AS (SELECT hash(wf, st) AS sort, count(*) AS count FROM derived.execution_step GROUP BY sort),
peer AS (
    SELECT hash(wf, text_hash(service), text_hash(name), peer_kind) AS sort, any_value(wf) AS wf, any_value(service) AS service, any_value(name) AS name,
        any_value(peer_kind) AS peer_kind, count(*) AS count, count(*) FILTER (failed) AS errors,
        quantile_disc(lasted_ns, [0.5, 0.95, 0.99]) AS lasted_ns
    FROM derived.virtual_call GROUP BY sort
),
again AS (SELECT sort, sum(times - 1)::BIGINT AS times FROM derived.repeated GROUP BY sort),
-- An execution that has a kind several times counts once.
seen AS (
    SELECT s.sort, s.count - coalesce(g.times, 0) AS executions
    FROM (SELECT sort, count FROM step UNION ALL SELECT sort, count FROM peer) AS s LEFT JOIN again AS g USING (sort)
)
SELECT w.workflow, m.service, m.name, kind_name(m.kind) AS kind, s.executions,
    s.executions / w.executions AS share, m.count, m.errors, m.errors / m.count AS error_rate,
    m.p50_ns, m.p95_ns, m.p99_ns, o.team
FROM derived.model_step AS m
JOIN derived.model_workflow AS w USING (wf)
JOIN seen AS s ON s.sort = hash(m.wf, m.st)
LEFT JOIN service_owner AS o ON o.name = m.service AND o.namespace IS NOT DISTINCT FROM m.namespace
UNION ALL
-- Peers that send no telemetry.
SELECT w.workflow, v.service, v.name, v.peer_kind, s.executions, s.executions / w.executions, v.count, v.errors, v.errors / v.count,
    v.lasted_ns[1], v.lasted_ns[2], v.lasted_ns[3], p.team
FROM peer AS v
JOIN seen AS s USING (sort)
JOIN derived.model_workflow AS w ON w.wf = v.wf
LEFT JOIN peer_owner AS p ON p.name = v.service
