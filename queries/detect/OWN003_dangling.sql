-- code: OWN003
-- title: Dangling reference to an owner
-- family: ownership
-- severity: low
-- meaning: A file names an owner that does not exist: no list of teams, no group and no user of the
--   catalog has that name. The same goes for a system that an owner should be inherited from.
-- cause: A slip of the pen, a team that was renamed or dissolved, or a catalog of which only a part
--   was loaded.
-- action: Correct the name, declare the team, or add the old name to its aliases.
-- unless: No list of teams was loaded that could have it; the name is an alias; or the thing is declared
--   to have no owner.
SELECT
    printf('%s %s', d.kind, coalesce(d.namespace || '/', '') || d.name) AS anchor,
    []::BIGINT[] AS eids,
    CASE WHEN d.kind = 'service' THEN d.name END AS service, NULL AS step,
    d.kind AS owner_kind, d.name AS owner_name, d.namespace AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids,
    coalesce(s.first_ns, a.first_ns) AS since_ns, coalesce(s.last_ns, a.last_ns) AS seen_ns,
    printf(CASE WHEN contains(d.written, ':') AND NOT starts_with(d.written, 'user:')
            THEN '%s: %s %s is part of %s, which no file defines'
            ELSE '%s: %s %s belongs to %s, which no file defines' END,
        d.source, d.kind, d.name, d.written)
        || CASE WHEN o.team IS NULL THEN '; nobody else is known'
            ELSE printf('; %s is told instead, by %s', o.team, o.source) END AS message,
    json_object('reference', d.written, 'source', d.source, 'near', d.near, 'team', o.team, 'rule', o.rule)
        AS evidence,
    CASE WHEN d.near IS NULL THEN printf('Declare %s, or correct it in %s.', d.written, d.source)
        ELSE printf('Did you mean %s? Correct it in %s.', d.near, d.source) END AS next_action
FROM derived.owner_dangling AS d
JOIN derived.owner AS o
    ON o.kind = d.kind AND o.name = d.name AND o.namespace IS NOT DISTINCT FROM d.namespace
LEFT JOIN (
    SELECT service, namespace, min(start_ns) AS first_ns, max(end_ns) AS last_ns
    FROM derived.step GROUP BY ALL
) AS s ON d.kind = 'service' AND s.service = d.name AND s.namespace IS NOT DISTINCT FROM d.namespace
CROSS JOIN (SELECT min(start_ns) AS first_ns, max(end_ns) AS last_ns FROM derived.step) AS a
WHERE o.rule != 'declared-unowned'
