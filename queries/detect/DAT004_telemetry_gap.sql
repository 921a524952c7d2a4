-- code: DAT004
-- title: Telemetry gap
-- family: data
-- severity: low
-- meaning: Telemetry is missing, not work. Either all of a service was silent, far longer than is its
--   rhythm, while the spans of others have their parents in it; or a live source as a whole has
--   stopped telling, and the horizon stays where it was. Nothing is called late or orphaned for it.
-- cause: A collector, an exporter or the way between them was down.
-- action: Look at the exporters and collectors of the service; what it did then has to be found out
--   from its logs.
-- unless: Nobody called the service in that time (there was nothing to tell), or the silence is within
--   ten times its usual one and five minutes.
WITH gap AS (
    SELECT s.service, s.from_ns, s.to_ns, count(*) AS parents, list(DISTINCT m.child_service ORDER BY m.child_service) AS told_by,
        arg_min(m.trace_id, (m.since_ns, m.parent_span_id)) AS trace_id,
        arg_min(m.children, (m.since_ns, m.parent_span_id)) AS span_ids, min(m.caller_namespace) AS namespace
    FROM derived.service_silence AS s
    JOIN derived.missing_parent AS m ON m.caller_service = s.service AND m.since_ns BETWEEN s.from_ns AND s.to_ns
        AND m.child_service != s.service
    WHERE NOT m.always_missing AND NOT m.sampled
    GROUP BY s.service, s.from_ns, s.to_ns
)
SELECT
    printf('%s %d', service, from_ns // 1000000000) AS anchor, []::BIGINT[] AS eids,
    service, NULL AS step, 'service' AS owner_kind, service AS owner_name, namespace AS owner_namespace,
    trace_id, span_ids[:10] AS span_ids, from_ns AS since_ns, to_ns AS seen_ns,
    printf('no telemetry of %s for %.0f s, in which it worked: %d %s of %s %s a parent there', service, (to_ns - from_ns) / 1e9,
        parents, CASE WHEN parents = 1 THEN 'call' ELSE 'calls' END, array_to_string(told_by, ', '),
        CASE WHEN parents = 1 THEN 'has' ELSE 'have' END) AS message,
    json_object('silent_ns', to_ns - from_ns, 'missing_parents', parents, 'told_by', told_by) AS evidence,
    printf('Look at the exporter and the collector of %s at that time.', service) AS next_action
FROM gap
WHERE parents >= 3
UNION ALL
SELECT
    'source ' || name, []::BIGINT[], NULL, NULL, 'service', NULL, NULL, NULL, []::UBIGINT[],
    last_received_ns, horizon_ns,
    printf('nothing has come from the live source %s since %s; what is open is judged as of %s', name,
        strftime(utc(last_received_ns), '%Y-%m-%d %H:%M:%S'), strftime(utc(horizon_ns), '%H:%M:%S')),
    json_object('source', name, 'last_received', strftime(utc(last_received_ns), '%Y-%m-%dT%H:%M:%SZ')),
    'See whether the services still run and whether their exporters reach the collector.'
FROM derived.source
WHERE silent
