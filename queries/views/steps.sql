-- Steps of executions, and peers that send no telemetry as virtual steps.
CREATE OR REPLACE VIEW steps AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL),
peer_owner AS (SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name)
SELECT
    e.execution, hex_trace_id(t.trace_id) || ':' || hex_span_id(t.span_id) AS step,
    hex_trace_id(t.trace_id) AS trace_id, hex_span_id(t.span_id) AS span_id,
    t.service, t.name, kind_name(t.kind) AS kind, t.attempt,
    CASE WHEN t.failed THEN 'error' ELSE 'ok' END AS status,
    utc(t.start_ns) AS started_at, utc(t.end_ns) AS ended_at, t.end_ns - t.start_ns AS duration_ns,
    hex_trace_id(c.trace_id) || ':' || hex_span_id(c.span_id) AS caller_step,
    false AS is_virtual, o.team, t.spans
FROM derived.execution_step AS x
JOIN derived.execution AS e USING (eid)
JOIN derived.step AS t USING (step)
LEFT JOIN derived.step AS c ON c.step = t.caller
LEFT JOIN service_owner AS o ON o.name = t.service AND o.namespace IS NOT DISTINCT FROM t.namespace
UNION ALL
SELECT
    e.execution, hex_trace_id(v.trace_id) || ':' || hex_span_id(v.span_id),
    hex_trace_id(v.trace_id), hex_span_id(v.span_id), v.service, v.name, v.peer_kind, 1,
    CASE WHEN v.failed THEN 'error' ELSE 'ok' END,
    utc(v.start_ns), utc(v.end_ns), v.end_ns - v.start_ns,
    hex_trace_id(c.trace_id) || ':' || hex_span_id(c.span_id), true, p.team, 1
FROM derived.virtual_step AS v
JOIN derived.execution_step AS x ON x.step = v.caller
JOIN derived.execution AS e USING (eid)
JOIN derived.step AS c ON c.step = v.caller
LEFT JOIN peer_owner AS p ON p.name = v.service
