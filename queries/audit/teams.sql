-- The teams that own, or have to do with, anything seen, and where each is reached, as declared: in
-- ownership.yaml, else in a catalog.
WITH seen AS (
    SELECT team FROM derived.owner WHERE team IS NOT NULL
    UNION SELECT team FROM derived.owner_role WHERE team IS NOT NULL
),
reached AS (
    SELECT DISTINCT lower(o.team) AS team, c.type, c.value, c.rank
    FROM derived.owner AS o
    JOIN derived.owner_contact AS c
        ON c.kind = o.kind AND c.name = o.name AND c.namespace IS NOT DISTINCT FROM o.namespace
    WHERE c.about = 'team'
),
first AS (
    SELECT
        team,
        arg_min(value, (rank, value)) FILTER (type = 'channel') AS channel,
        arg_min(value, (rank, value)) FILTER (type = 'pager') AS pager,
        arg_min(value, (rank, value)) FILTER (type = 'email') AS email,
        arg_min(value, (rank, value)) FILTER (type = 'runbook') AS runbook
    FROM reached GROUP BY team
)
SELECT min(s.team) AS name, any_value(f.channel) AS channel, any_value(f.pager) AS pager,
    any_value(f.email) AS email, any_value(f.runbook) AS runbook
FROM seen AS s LEFT JOIN first AS f ON f.team = lower(s.team)
GROUP BY lower(s.team)
ORDER BY 1
