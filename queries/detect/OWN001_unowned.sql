-- code: OWN001
-- title: Unowned service
-- family: ownership
-- severity: low
-- meaning: Spans arrive from a service for which no source names a team.
-- cause: It is in no ownership file, and its resource carries none of the owner attributes.
-- action: Add it to ownership.yaml, or set an owner attribute on its resource.
-- unless: It is declared unowned on purpose, or a team is known from any source.
SELECT
    coalesce(o.namespace || '/', '') || o.name AS anchor,
    []::BIGINT[] AS eids,
    o.name AS service, NULL AS step,
    'service' AS owner_kind, o.name AS owner_name, o.namespace AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids, s.first_ns AS since_ns, s.last_ns AS seen_ns,
    printf(CASE WHEN o.rule = 'no-match' THEN '%s has no owner: %d spans in %d executions'
        ELSE '%s is the SDK''s default name, which nobody can own: %d spans in %d executions' END,
        o.name, s.spans, s.executions) AS message,
    json_object('spans', s.spans, 'executions', s.executions, 'rule', o.rule) AS evidence,
    CASE WHEN o.rule = 'no-match'
        THEN printf('Add %s to ownership.yaml, or set the resource attribute team on it.', o.name)
        ELSE 'Set service.name on it (OTEL_SERVICE_NAME), then declare its owner.' END AS next_action
FROM derived.owner AS o
JOIN (
    SELECT t.service, t.namespace, min(t.start_ns) AS first_ns, max(t.end_ns) AS last_ns, sum(t.spans)::BIGINT AS spans,
        count(DISTINCT x.eid) AS executions
    FROM derived.step AS t JOIN derived.execution_step AS x USING (step) GROUP BY ALL
) AS s ON s.service = o.name AND s.namespace IS NOT DISTINCT FROM o.namespace
WHERE o.kind = 'service' AND o.rule IN ('no-match', 'no-identity')
