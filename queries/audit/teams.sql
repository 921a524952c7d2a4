-- Where teams can be reached, as declared: in ownership.yaml, else in a catalog.
WITH told AS (
    SELECT name, channel, runbook, 0 AS rank FROM store.team
    UNION ALL
    SELECT
        team, CASE type WHEN 'channel' THEN value END, CASE type WHEN 'runbook' THEN value END, 1
    FROM store.contact WHERE team IS NOT NULL
)
SELECT
    min(name) AS name, arg_min(channel, (rank, channel)) AS channel,
    arg_min(runbook, (rank, runbook)) AS runbook
FROM told GROUP BY lower(name) ORDER BY 1
