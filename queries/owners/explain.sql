-- The owners of everything called $name, who else has a role, and how they are reached.
WITH asked AS (
    SELECT * FROM derived.owner
    WHERE name = $name AND ($kind::VARCHAR IS NULL OR kind = $kind)
),
role AS (
    SELECT
        kind, name, namespace,
        list({'team': team, 'role': role, 'source': source} ORDER BY role, team, source) AS others
    FROM derived.owner_role WHERE name = $name GROUP BY ALL
),
contact AS (
    SELECT
        kind, name, namespace,
        list({'type': type, 'value': value, 'title': title, 'of': about, 'source': source}
            ORDER BY list_position(['channel', 'pager', 'email', 'runbook', 'link'], type),
                rank, source, value) AS contacts
    FROM derived.owner_contact WHERE name = $name GROUP BY ALL
)
SELECT
    o.kind, o.name, o.namespace, o.team, o.source, o.rule, o.losers::VARCHAR AS losers,
    coalesce(to_json(r.others), '[]')::VARCHAR AS others,
    coalesce(to_json(c.contacts), '[]')::VARCHAR AS contacts
FROM asked AS o
LEFT JOIN role AS r
    ON r.kind = o.kind AND r.name = o.name AND r.namespace IS NOT DISTINCT FROM o.namespace
LEFT JOIN contact AS c
    ON c.kind = o.kind AND c.name = o.name AND c.namespace IS NOT DISTINCT FROM o.namespace
ORDER BY list_position(['service', 'destination', 'datastore', 'workflow'], o.kind), o.namespace
