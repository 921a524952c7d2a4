-- Hand-offs between the steps of an execution. boundary: the two ends have different owners.
CREATE OR REPLACE VIEW handoffs AS
WITH service_owner AS (SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL)
SELECT
    e.execution, e.workflow,
    hex_trace_id(a.trace_id) || ':' || hex_span_id(a.span_id) AS from_step,
    hex_trace_id(b.trace_id) || ':' || hex_span_id(b.span_id) AS to_step,
    a.service AS from_service, a.name AS from_name, b.service AS to_service, b.name AS to_name,
    h.type, CASE WHEN h.is_async THEN 'async' ELSE 'sync' END AS mode,
    m.destination, m.message_id AS message,
    CASE h.how
        WHEN 'parent' THEN CASE WHEN a.kind = 5 AND b.parent_kind = 5 AND a.service = b.service THEN 'message: processed under the span that received it'
            ELSE 'message: its consumer is a child of the producer' END
        WHEN 'detached' THEN printf('lasted %.1f ms, longer than the %.1f ms of its caller', h.callee_ns / 1e6, h.caller_ns / 1e6)
        WHEN 'returned' THEN printf('the call of %.1f ms returned', h.caller_ns / 1e6)
        WHEN 'link' THEN CASE WHEN h.mid IS NULL THEN 'span link' ELSE 'message joined by span link' END
        WHEN 'key' THEN 'both carry ' || e.key || ' ' || e.value
        WHEN 'correlation' THEN 'message joined by ' || coalesce(e.key || ' ' || e.value, 'execution') || ' and destination'
        ELSE CASE WHEN h.type != 'correlation' THEN 'message joined by ' || h.how
            WHEN h.mid IS NULL THEN concat(e.key || ' ' || e.value || ': ', h.how)
            ELSE printf('message joined by %s and destination: %s', coalesce(e.key || ' ' || e.value, 'execution'), h.how) END
    END AS evidence, h.wait_ns, utc(b.start_ns) AS started_at,
    oa.team AS from_team, ob.team AS to_team, oa.team IS DISTINCT FROM ob.team AS boundary
FROM derived.handoff AS h
JOIN derived.execution AS e USING (eid)
JOIN derived.step AS a ON a.step = h.from_step
JOIN derived.step AS b ON b.step = h.to_step
LEFT JOIN derived.message AS m ON m.mid = h.mid
LEFT JOIN service_owner AS oa ON oa.name = a.service AND oa.namespace IS NOT DISTINCT FROM a.namespace
LEFT JOIN service_owner AS ob ON ob.name = b.service AND ob.namespace IS NOT DISTINCT FROM b.namespace
