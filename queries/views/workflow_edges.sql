-- How work passes between the steps of each workflow, over all executions. Millions of hand-offs are counted by
-- one number for their sort; names and owners are read of one hand-off of each.
CREATE OR REPLACE VIEW workflow_edges AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
peer_owner AS (SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name),
edge AS MATERIALIZED (
    SELECT hash(wf, from_st, to_st, type, is_async) AS sort, any_value(type) AS type, any_value(is_async) AS is_async,
        count(*) AS count, count(*) FILTER (failed) AS errors,
        quantile_disc(greatest(wait_ns, 0), [0.5, 0.95, 0.99]) AS wait_ns,
        min(eid) AS eid, min(from_step) AS from_step, min(to_step) AS to_step, min(mid) AS mid
    FROM derived.handoff GROUP BY sort
),
called AS MATERIALIZED (
    SELECT hash(wf, st, text_hash(service), text_hash(name)) AS sort, any_value(service) AS service, any_value(name) AS name,
        count(*) AS count, count(*) FILTER (failed) AS errors, min(eid) AS eid, min(step) AS step
    FROM derived.virtual_call GROUP BY sort
),
-- What is read of the hand-offs named. By themselves, or a join might begin with all steps or messages there are.
carried AS MATERIALIZED (SELECT mid, destination FROM derived.message SEMI JOIN edge USING (mid)),
told AS MATERIALIZED (
    SELECT step, service, namespace, name FROM derived.step
    WHERE step IN (SELECT from_step FROM edge UNION ALL SELECT to_step FROM edge UNION ALL SELECT step FROM called)
),
of AS MATERIALIZED (
    SELECT eid, workflow FROM derived.execution WHERE eid IN (SELECT eid FROM edge UNION ALL SELECT eid FROM called)
),
again AS (SELECT sort, sum(times - 1)::BIGINT AS times FROM derived.repeated GROUP BY sort)
SELECT e.workflow, a.service AS from_service, a.name AS from_name, b.service AS to_service, b.name AS to_name,
    h.type, CASE WHEN h.is_async THEN 'async' ELSE 'sync' END AS mode,
    h.count - coalesce(g.times, 0) AS executions, h.count, h.errors, h.errors / h.count AS error_rate,
    h.wait_ns[1] AS p50_wait_ns, h.wait_ns[2] AS p95_wait_ns, h.wait_ns[3] AS p99_wait_ns,
    oa.team AS from_team, ob.team AS to_team, oa.team IS DISTINCT FROM ob.team AS boundary, m.destination
FROM edge AS h
LEFT JOIN again AS g USING (sort)
JOIN of AS e ON e.eid = h.eid
JOIN told AS a ON a.step = h.from_step
JOIN told AS b ON b.step = h.to_step
LEFT JOIN carried AS m ON m.mid = h.mid
LEFT JOIN service_owner AS oa ON oa.name = a.service AND oa.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN service_owner AS ob ON ob.name = b.service AND ob.namespace IS NOT DISTINCT FROM b.namespace
UNION ALL
SELECT e.workflow, a.service, a.name, v.service, v.name, 'call', 'sync',
    v.count - coalesce(g.times, 0), v.count, v.errors, v.errors / v.count, 0, 0, 0, o.team, q.team, o.team IS DISTINCT FROM q.team, NULL
FROM called AS v
LEFT JOIN again AS g USING (sort)
JOIN of AS e ON e.eid = v.eid
JOIN told AS a ON a.step = v.step
LEFT JOIN service_owner AS o ON o.name = a.service AND o.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN peer_owner AS q ON q.name = v.service
