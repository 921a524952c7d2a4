-- How work passes between the steps of each workflow, over all executions.
CREATE OR REPLACE VIEW workflow_edges AS
SELECT workflow, from_service, from_name, to_service, to_name, type, mode,
    count(DISTINCT h.execution) AS executions, count(*) AS count, count(*) FILTER (t.failed) AS errors,
    count(*) FILTER (t.failed) / count(*) AS error_rate,
    quantile_disc(greatest(wait_ns, 0), 0.5) AS p50_wait_ns, quantile_disc(greatest(wait_ns, 0), 0.95) AS p95_wait_ns,
    quantile_disc(greatest(wait_ns, 0), 0.99) AS p99_wait_ns,
    any_value(from_team) AS from_team, any_value(to_team) AS to_team, bool_or(boundary) AS boundary,
    any_value(destination) AS destination
FROM handoffs AS h
JOIN (SELECT hex_trace_id(trace_id) || ':' || hex_span_id(span_id) AS to_step, failed FROM derived.step) AS t USING (to_step)
GROUP BY workflow, from_service, from_name, to_service, to_name, type, mode
UNION ALL
SELECT e.workflow, t.service, t.name, v.service, v.name, 'call', 'sync',
    count(DISTINCT x.eid), count(*), count(*) FILTER (v.failed), count(*) FILTER (v.failed) / count(*),
    0, 0, 0, any_value(o.team), any_value(p.team), any_value(o.team) IS DISTINCT FROM any_value(p.team), NULL
FROM derived.virtual_step AS v
JOIN derived.step AS t ON t.step = v.caller
JOIN derived.execution_step AS x ON x.step = v.caller
JOIN derived.execution AS e ON e.eid = x.eid
LEFT JOIN (
    SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL
) AS o ON o.name = t.service AND o.namespace IS NOT DISTINCT FROM t.namespace
LEFT JOIN (
    SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name
) AS p ON p.name = v.service
GROUP BY e.workflow, t.service, t.name, v.service, v.name
