-- What files declare, with the teams' aliases resolved across all files.
CREATE OR REPLACE TEMP TABLE o_declared AS
SELECT
    d.kind, d.name, d.namespace, d.system, coalesce(t.team, d.team) AS team, d.type, d.unowned,
    d.path || ':' || d.line AS source
FROM store.declaration AS d LEFT JOIN o_team AS t ON t.spelling = lower(d.team)
WHERE d.role = 'accountable'
