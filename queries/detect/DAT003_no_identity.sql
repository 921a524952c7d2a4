-- code: DAT003
-- title: No service identity
-- family: data
-- severity: medium
-- meaning: Spans arrive under the name that an SDK gives to a process which has none. Any number of
--   programs may share it: their steps are taken for one service's, and nobody can own that.
-- cause: Neither OTEL_SERVICE_NAME nor the resource attribute service.name is set, or what
--   forwards the spans removed it.
-- action: Set service.name in the deployment of the programs that the evidence tells of.
-- unless: The service is really called something that only begins like it.
WITH clue AS (
    -- What tells which programs these are.
    SELECT r.service, r.namespace, p.key, list(DISTINCT r.vals[p.i] ORDER BY r.vals[p.i])[:5] AS vals
    FROM store.resource AS r
    JOIN store.shape AS h USING (shape_id),
        LATERAL (SELECT unnest(h.keys) AS key, generate_subscripts(h.keys, 1) AS i) AS p
    WHERE (r.service = 'unknown_service' OR starts_with(r.service, 'unknown_service:'))
        AND p.key IN (
            'telemetry.sdk.language', 'process.executable.name', 'process.command', 'process.runtime.name',
            'container.image.name', 'k8s.deployment.name', 'k8s.pod.name', 'k8s.namespace.name', 'host.name',
            'faas.name', 'service.instance.id')
    GROUP BY ALL
),
told AS (
    SELECT service, namespace, map_from_entries(list({'key': key, 'value': vals} ORDER BY key)) AS clues
    FROM clue GROUP BY ALL
),
sent AS (
    SELECT t.service, t.namespace, min(t.start_ns) AS first_ns, max(t.end_ns) AS last_ns,
        sum(t.spans)::BIGINT AS spans, count(DISTINCT x.eid) AS executions
    FROM derived.step AS t JOIN derived.execution_step AS x USING (step)
    WHERE t.service IN (SELECT name FROM derived.owner WHERE kind = 'service' AND rule = 'no-identity')
    GROUP BY ALL
)
SELECT
    coalesce(o.namespace || '/', '') || o.name AS anchor,
    []::BIGINT[] AS eids,
    o.name AS service, NULL AS step,
    'service' AS owner_kind, o.name AS owner_name, o.namespace AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids, s.first_ns AS since_ns, s.last_ns AS seen_ns,
    printf('%s is what an SDK calls a process without a name: %d spans in %d executions', o.name, s.spans,
        s.executions) AS message,
    json_object('spans', s.spans, 'executions', s.executions, 'resource', c.clues) AS evidence,
    'Set service.name on it (OTEL_SERVICE_NAME), then declare its owner.' AS next_action
FROM derived.owner AS o
JOIN sent AS s ON s.service = o.name AND s.namespace IS NOT DISTINCT FROM o.namespace
LEFT JOIN told AS c ON c.service = o.name AND c.namespace IS NOT DISTINCT FROM o.namespace
WHERE o.kind = 'service' AND o.rule = 'no-identity'
