-- How work passes between the steps of each workflow, over all executions.
CREATE OR REPLACE VIEW workflow_edges AS
SELECT workflow, from_service, from_name, to_service, to_name, type, mode,
    count(DISTINCT h.execution) AS executions, count(*) AS count, count(*) FILTER (t.failed) AS errors,
    quantile_disc(greatest(wait_ns, 0), 0.5) AS p50_wait_ns, quantile_disc(greatest(wait_ns, 0), 0.95) AS p95_wait_ns,
    any_value(from_team) AS from_team, any_value(to_team) AS to_team, bool_or(boundary) AS boundary,
    any_value(destination) AS destination
FROM handoffs AS h
JOIN (SELECT hex_trace_id(trace_id) || ':' || hex_span_id(span_id) AS to_step, failed FROM derived.step) AS t USING (to_step)
GROUP BY workflow, from_service, from_name, to_service, to_name, type, mode
