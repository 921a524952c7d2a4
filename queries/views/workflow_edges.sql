-- How work passes between the steps of each workflow, over all executions. Millions of hand-offs are counted by
-- one number for their sort; names and owners are read of one hand-off of each.
CREATE OR REPLACE VIEW workflow_edges AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
peer_owner AS (SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name),
handoff AS (
    SELECT hash(wf, from_st, to_st, type, is_async) AS sort, type, is_async, eid, from_step, to_step, mid, failed, wait_ns
    FROM derived.handoff
),
edge AS (
    SELECT sort, any_value(type) AS type, any_value(is_async) AS is_async, count(*) AS count, count(*) FILTER (failed) AS errors,
        quantile_disc(greatest(wait_ns, 0), [0.5, 0.95, 0.99]) AS wait_ns,
        min(eid) AS eid, min(from_step) AS from_step, min(to_step) AS to_step, min(mid) AS mid
    FROM handoff GROUP BY sort
),
passed AS (SELECT sort, count(*) AS executions FROM (SELECT DISTINCT sort, eid FROM handoff) GROUP BY sort),
peer AS (
    SELECT hash(x.wf, x.st, v.service, v.name) AS sort, v.service, v.name, v.failed, x.eid, x.step
    FROM derived.virtual_step AS v JOIN derived.execution_step AS x ON x.step = v.caller
),
called AS (
    SELECT sort, any_value(service) AS service, any_value(name) AS name, count(*) AS count, count(*) FILTER (failed) AS errors,
        min(eid) AS eid, min(step) AS step
    FROM peer GROUP BY sort
),
calling AS (SELECT sort, count(*) AS executions FROM (SELECT DISTINCT sort, eid FROM peer) GROUP BY sort)
SELECT e.workflow, a.service AS from_service, a.name AS from_name, b.service AS to_service, b.name AS to_name,
    h.type, CASE WHEN h.is_async THEN 'async' ELSE 'sync' END AS mode,
    p.executions, h.count, h.errors, h.errors / h.count AS error_rate,
    h.wait_ns[1] AS p50_wait_ns, h.wait_ns[2] AS p95_wait_ns, h.wait_ns[3] AS p99_wait_ns,
    oa.team AS from_team, ob.team AS to_team, oa.team IS DISTINCT FROM ob.team AS boundary, m.destination
FROM edge AS h
JOIN passed AS p USING (sort)
JOIN derived.execution AS e ON e.eid = h.eid
JOIN derived.step AS a ON a.step = h.from_step
JOIN derived.step AS b ON b.step = h.to_step
LEFT JOIN derived.message AS m ON m.mid = h.mid
LEFT JOIN service_owner AS oa ON oa.name = a.service AND oa.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN service_owner AS ob ON ob.name = b.service AND ob.namespace IS NOT DISTINCT FROM b.namespace
UNION ALL
SELECT e.workflow, a.service, a.name, v.service, v.name, 'call', 'sync',
    p.executions, v.count, v.errors, v.errors / v.count, 0, 0, 0, o.team, q.team, o.team IS DISTINCT FROM q.team, NULL
FROM called AS v
JOIN calling AS p USING (sort)
JOIN derived.execution AS e ON e.eid = v.eid
JOIN derived.step AS a ON a.step = v.step
LEFT JOIN service_owner AS o ON o.name = a.service AND o.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN peer_owner AS q ON q.name = v.service
