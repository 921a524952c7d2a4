-- code: OWN001
-- title: Unowned service
-- family: ownership
-- severity: low
-- meaning: Spans arrive from a service for which no source names a team.
-- cause: It is in no ownership file, and its resource carries none of the owner attributes.
-- action: Add it to ownership.yaml, or set an owner attribute on its resource.
-- unless: It is declared unowned on purpose, a team is known from any source, or it has no name of
--   its own (DAT003).
SELECT
    coalesce(o.namespace || '/', '') || o.name AS anchor,
    []::BIGINT[] AS eids,
    o.name AS service, NULL AS step,
    'service' AS owner_kind, o.name AS owner_name, o.namespace AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids, s.first_ns AS since_ns, s.last_ns AS seen_ns,
    printf('%s has no owner: %d spans in %d executions', o.name, s.spans, s.executions) AS message,
    json_object('spans', s.spans, 'executions', s.executions, 'rule', o.rule,
        -- Nobody owns these from end to end either, for the same reason.
        'workflows', w.workflows) AS evidence,
    printf('Add %s to ownership.yaml, or set the resource attribute team on it.', o.name) AS next_action
FROM derived.owner AS o
JOIN (
    SELECT t.service, t.namespace, min(t.start_ns) AS first_ns, max(t.end_ns) AS last_ns, sum(t.spans)::BIGINT AS spans,
        count(DISTINCT x.eid) AS executions
    FROM derived.step AS t JOIN derived.execution_step AS x USING (step)
    WHERE t.service IN (SELECT name FROM derived.owner WHERE kind = 'service' AND rule = 'no-match')
    GROUP BY ALL
) AS s ON s.service = o.name AND s.namespace IS NOT DISTINCT FROM o.namespace
LEFT JOIN (
    SELECT regexp_replace(source, '^(started|orchestrated) by ', '') AS service, list(name ORDER BY name)[:20] AS workflows
    FROM derived.owner
    WHERE kind = 'workflow' AND team IS NULL AND rule IN ('started-by', 'orchestrator') GROUP BY ALL
) AS w ON w.service = o.name
WHERE o.kind = 'service' AND o.rule = 'no-match'
