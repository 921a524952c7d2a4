-- What files declare, with the teams' aliases resolved across all files. A reference dangles where
-- the team is not known and a list of teams should have it: the file's own, or a catalog's groups
-- (its users, for a person). Catalogs compare names without regard to case.
CREATE OR REPLACE TEMP TABLE o_declared AS
WITH listing AS (SELECT DISTINCT path FROM store.team WHERE format = 'ownership'),
register AS (
    SELECT DISTINCT starts_with(name, 'user:') AS person FROM store.team WHERE format = 'backstage'
),
known AS (
    SELECT
        d.*, t.team AS found,
        d.team IS NOT NULL AND t.team IS NULL AND CASE d.format
            WHEN 'ownership' THEN d.path IN (SELECT path FROM listing)
            WHEN 'backstage' THEN starts_with(d.team, 'user:') IN (SELECT person FROM register)
            ELSE false
        END AS dangling
    FROM store.declaration AS d LEFT JOIN o_team AS t ON t.spelling = lower(d.team)
)
SELECT
    kind, name, lower(name) AS folded, format = 'ownership' AS exact, namespace, system,
    team AS written, CASE WHEN NOT dangling THEN coalesce(found, team) END AS team, dangling,
    role, type, unowned, path || ':' || line AS source, format, entity, parents, fit
FROM known
