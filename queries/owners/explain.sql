-- The owners of everything called $name, with where their teams can be reached.
WITH team AS (
    SELECT lower(name) AS team, min(channel) AS channel, min(runbook) AS runbook
    FROM store.team GROUP BY ALL
)
SELECT
    o.kind, o.name, o.namespace, o.team, o.source, o.rule, o.losers::VARCHAR, t.channel, t.runbook
FROM derived.owner AS o LEFT JOIN team AS t ON t.team = lower(o.team)
WHERE o.name = $name AND ($kind::VARCHAR IS NULL OR o.kind = $kind)
ORDER BY list_position(['service', 'destination', 'datastore', 'workflow'], o.kind), o.namespace
