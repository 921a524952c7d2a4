-- How the owner of each thing is reached, and what helps: contacts of the team, as ownership.yaml and
-- then catalogs have them (rank 0 and 1); then those that catalogs give for the thing itself (2),
-- unless the catalog means another team by them.
CREATE OR REPLACE TABLE derived.owner_contact AS
WITH told AS (
    UNPIVOT (
        SELECT
            name AS team, path || ':' || line AS source, CASE WHEN format = 'ownership' THEN 0 ELSE 1 END AS rank,
            channel, email, pager, runbook
        FROM store.team
    ) ON channel, email, pager, runbook INTO NAME type VALUE value
),
team_contact AS (
    SELECT lower(coalesce(t.team, c.team)) AS team, c.type, c.value, c.title, c.source, c.rank
    FROM (
        SELECT team, source, type, value, NULL::VARCHAR AS title, rank FROM told
        UNION ALL
        SELECT team, path || ':' || line, type, value, title, 1 FROM store.contact
        WHERE team IS NOT NULL
    ) AS c LEFT JOIN o_team AS t ON t.spelling = lower(c.team)
),
agreed AS (
    -- Entities whose own word is the winner's, or who have none.
    SELECT DISTINCT
        a.kind, a.name, a.namespace, a.entity,
        i.entity IS NULL OR lower(i.owner.team) = lower(a.accountable) AS agrees
    FROM o_about AS a LEFT JOIN o_inherited AS i ON i.entity = a.entity
    WHERE a.entity IS NOT NULL
)
SELECT DISTINCT o.kind, o.name, o.namespace, 'team' AS about, c.type, c.value, c.title, c.source, c.rank
FROM derived.owner AS o JOIN team_contact AS c ON c.team = lower(o.team)
UNION ALL
SELECT DISTINCT a.kind, a.name, a.namespace, a.kind, c.type, c.value, c.title, c.path || ':' || c.line, 2
FROM agreed AS a JOIN store.contact AS c ON c.entity = a.entity
WHERE a.agrees OR c.type IN ('runbook', 'link')
