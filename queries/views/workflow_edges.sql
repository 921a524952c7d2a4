-- How work passes between the steps of each workflow, over all executions. Millions of hand-offs are counted by
-- one number for their sort; names and owners are read of one hand-off of each, found by where it lies: to carry its
-- columns through the counting would be to read them of all.
CREATE OR REPLACE VIEW workflow_edges AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
peer_owner AS (SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name),
edge AS MATERIALIZED (
    SELECT hash(wf, from_st, to_st, type, is_async) AS sort,
        count(*) AS count, count(*) FILTER (failed) AS errors,
        quantile_disc(greatest(wait_ns, 0), [0.5, 0.95, 0.99]) AS wait_ns,
        min(mid) AS mid, min(rowid) AS one
    FROM derived.handoff GROUP BY sort
),
one AS MATERIALIZED (
    SELECT rowid AS one, eid, from_step, to_step, type, is_async FROM derived.handoff WHERE rowid IN (SELECT one FROM edge)
),
called AS MATERIALIZED (
    SELECT hash(wf, st, text_hash(service), text_hash(name)) AS sort,
        count(*) AS count, count(*) FILTER (failed) AS errors, min(rowid) AS one
    FROM derived.virtual_call GROUP BY sort
),
one_call AS MATERIALIZED (
    SELECT rowid AS one, eid, step, service, name FROM derived.virtual_call WHERE rowid IN (SELECT one FROM called)
),
-- What is read of the hand-offs named. By themselves, or a join might begin with all steps or messages there are.
carried AS MATERIALIZED (SELECT mid, destination FROM derived.message SEMI JOIN edge USING (mid)),
told AS MATERIALIZED (
    SELECT step, service, namespace, name FROM derived.step
    WHERE step IN (SELECT from_step FROM one UNION ALL SELECT to_step FROM one UNION ALL SELECT step FROM one_call)
),
of AS MATERIALIZED (
    SELECT eid, workflow FROM derived.execution WHERE eid IN (SELECT eid FROM one UNION ALL SELECT eid FROM one_call)
),
again AS (SELECT sort, sum(times - 1)::BIGINT AS times FROM derived.repeated GROUP BY sort)
SELECT e.workflow, a.service AS from_service, a.name AS from_name, b.service AS to_service, b.name AS to_name,
    n.type, CASE WHEN n.is_async THEN 'async' ELSE 'sync' END AS mode,
    h.count - coalesce(g.times, 0) AS executions, h.count, h.errors, h.errors / h.count AS error_rate,
    h.wait_ns[1] AS p50_wait_ns, h.wait_ns[2] AS p95_wait_ns, h.wait_ns[3] AS p99_wait_ns,
    oa.team AS from_team, ob.team AS to_team, oa.team IS DISTINCT FROM ob.team AS boundary, m.destination
FROM edge AS h
LEFT JOIN again AS g USING (sort)
JOIN one AS n USING (one)
JOIN of AS e ON e.eid = n.eid
JOIN told AS a ON a.step = n.from_step
JOIN told AS b ON b.step = n.to_step
LEFT JOIN carried AS m ON m.mid = h.mid
LEFT JOIN service_owner AS oa ON oa.name = a.service AND oa.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN service_owner AS ob ON ob.name = b.service AND ob.namespace IS NOT DISTINCT FROM b.namespace
UNION ALL
SELECT e.workflow, a.service, a.name, n.service, n.name, 'call', 'sync',
    v.count - coalesce(g.times, 0), v.count, v.errors, v.errors / v.count, 0, 0, 0, o.team, q.team, o.team IS DISTINCT FROM q.team, NULL
FROM called AS v
LEFT JOIN again AS g USING (sort)
JOIN one_call AS n USING (one)
JOIN of AS e ON e.eid = n.eid
JOIN told AS a ON a.step = n.step
LEFT JOIN service_owner AS o ON o.name = a.service AND o.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN peer_owner AS q ON q.name = n.service
