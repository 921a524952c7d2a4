-- Things that belong to another team than the committed map says (OWN005). Where somebody had to
-- write the new owner down, or where who publishes and who receives decides; not what the traces
-- suggest until more of them have come. A team by another of its names is the same team.
CREATE OR REPLACE TABLE derived.owner_changed AS
SELECT
    o.kind, o.name, o.namespace, o.team, o.source, o.rule, m.team AS reviewed,
    m.path || ':' || m.line AS reviewed_in
FROM derived.owner AS o
JOIN store.map_owner AS m
    ON m.kind = o.kind AND m.name = o.name AND m.namespace IS NOT DISTINCT FROM o.namespace
LEFT JOIN o_team AS t ON t.spelling = lower(m.team)
WHERE lower(coalesce(t.team, m.team)) != lower(o.team)
    AND o.rule IN (
        'declared', 'catalog', 'resource-attribute', 'codeowners', 'inherited',
        'event-producer', 'command-receiver', 'dead-letter-consumer'
    )
QUALIFY row_number() OVER (PARTITION BY o.kind, o.name, o.namespace ORDER BY m.path, m.line) = 1
