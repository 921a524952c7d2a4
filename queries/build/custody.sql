-- Who holds each execution now: one row an open branch, or one row done (design section 10).
CREATE OR REPLACE TABLE derived.custody AS
WITH held AS (
    SELECT o.*, n.next_steps, row_number() OVER (PARTITION BY o.eid ORDER BY o.since_ns, o.holder_kind, o.holder, o.evidence::VARCHAR)::INTEGER AS branch
    FROM derived.open_item AS o
    LEFT JOIN derived.open_next AS n
        ON n.eid = o.eid AND n.holder_kind = o.holder_kind AND n.holder = o.holder AND n.since_ns = o.since_ns
        AND n.step_name IS NOT DISTINCT FROM o.step_name
),
-- Who looked at what was done did not hold it (b_look); of nearly all, what ended last is the last step.
ended AS MATERIALIZED (
    SELECT e.eid, t.step, {'service': t.service, 'namespace': t.namespace, 'name': t.name, 'end_ns': t.end_ns, 'span_id': t.span_id} AS last
    FROM derived.execution AS e
    JOIN derived.execution_step AS s USING (eid)
    JOIN derived.step AS t ON t.step = s.step AND t.end_ns = e.end_ns
),
looked AS (SELECT DISTINCT eid FROM ended SEMI JOIN b_look USING (step)),
last_step AS (
    SELECT eid, arg_max(last, last.span_id) AS last FROM ended ANTI JOIN looked USING (eid) GROUP BY eid
    UNION ALL
    SELECT s.eid, arg_max({'service': t.service, 'namespace': t.namespace, 'name': t.name, 'end_ns': t.end_ns, 'span_id': t.span_id}, (t.end_ns, t.span_id))
    FROM derived.execution_step AS s
    SEMI JOIN looked USING (eid)
    ANTI JOIN b_look AS l ON l.step = s.step
    JOIN derived.step AS t ON t.step = s.step
    GROUP BY s.eid
),
owner AS (
    SELECT kind, name, namespace, any_value(team) AS team FROM derived.owner GROUP BY ALL
),
service_owner AS (SELECT name, min(team) AS team FROM owner WHERE kind = 'service' GROUP BY name)
SELECT h.eid, h.branch, h.holder, h.holder_kind, h.state, h.since_ns,
    CASE WHEN h.holder_kind = 'queue' THEN d.team ELSE s.team END AS team, h.evidence,
    NULL::VARCHAR AS last_step, NULL::UBIGINT AS last_span_id, h.next_steps
FROM held AS h
LEFT JOIN service_owner AS s ON s.name = h.holder
LEFT JOIN owner AS d ON d.kind = 'destination' AND d.name = h.holder AND d.namespace IS NOT DISTINCT FROM h.system
UNION ALL
SELECT e.eid, 1, l.last.service, 'done', x.status, l.last.end_ns, s.team,
    NULL, l.last.name, l.last.span_id, NULL
FROM derived.execution AS e
JOIN derived.execution_state AS x USING (eid)
JOIN last_step AS l USING (eid)
LEFT JOIN service_owner AS s ON s.name = l.last.service
WHERE e.eid NOT IN (SELECT eid FROM held)
