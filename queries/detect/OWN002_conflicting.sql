-- code: OWN002
-- title: Conflicting owners
-- family: ownership
-- severity: low
-- meaning: Two sources name different owners for one service, destination, datastore or workflow. One
--   of them was followed, by the order of precedence; whoever reads the other one is misled.
-- cause: A file or an attribute was not changed when the thing changed hands, two catalogs are kept
--   by different people, or one team has two names.
-- action: Correct the source that is wrong. Where both names mean one team, declare one of them as an
--   alias of the other.
-- unless: The names are aliases of one team; the other word is only a hint, a default rule or
--   inherited; an entry for a namespace refines one for all; the team is one of several code owners; or
--   a person is named, who may be part of the team.
SELECT
    printf('%s %s', o.kind, coalesce(o.namespace || '/', '') || o.name) AS anchor,
    []::BIGINT[] AS eids,
    CASE WHEN o.kind = 'service' THEN o.name END AS service, NULL AS step,
    o.kind AS owner_kind, o.name AS owner_name, o.namespace AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids,
    coalesce(s.first_ns, a.first_ns) AS since_ns, coalesce(s.last_ns, a.last_ns) AS seen_ns,
    printf('%s %s belongs to %s by %s, but %s says %s', o.kind, o.name, coalesce(o.team, 'nobody'),
        o.source, c.objections[1].source, coalesce(c.objections[1].team, 'nobody'))
        || CASE WHEN len(c.objections) > 1
            THEN printf(', and %d more disagree', len(c.objections) - 1) ELSE '' END AS message,
    json_object('team', o.team, 'source', o.source, 'rule', o.rule, 'objections', c.objections)
        AS evidence,
    printf('Find out who owns %s, and correct %s or %s; if both are one team, declare an alias.',
        o.name, o.source, c.objections[1].source) AS next_action
FROM derived.owner_conflict AS c
JOIN derived.owner AS o
    ON o.kind = c.kind AND o.name = c.name AND o.namespace IS NOT DISTINCT FROM c.namespace
LEFT JOIN (
    SELECT service, namespace, min(start_ns) AS first_ns, max(end_ns) AS last_ns
    FROM derived.step GROUP BY ALL
) AS s ON o.kind = 'service' AND s.service = o.name AND s.namespace IS NOT DISTINCT FROM o.namespace
CROSS JOIN (SELECT min(start_ns) AS first_ns, max(end_ns) AS last_ns FROM derived.step) AS a
