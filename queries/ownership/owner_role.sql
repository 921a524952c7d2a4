-- Who has to do with a thing besides the accountable team, and as what.
CREATE OR REPLACE TABLE derived.owner_role AS
SELECT kind, name, namespace, role, coalesce(team, written) AS team, min(source) AS source
FROM o_about WHERE role != 'accountable'
GROUP BY ALL
UNION ALL
SELECT o.kind, o.name, o.namespace, 'code owner', c.team, min(c.source)
FROM derived.owner AS o
JOIN o_codeowner AS c ON c.service = o.name AND c.namespace IS NOT DISTINCT FROM o.namespace
WHERE o.kind = 'service' AND c.decides AND c.team IS NOT NULL
    AND lower(c.team) IS DISTINCT FROM lower(o.team)
GROUP BY ALL
