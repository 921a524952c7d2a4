-- Every spelling of a declared team (case does not count) and the one name it stands for. A team's
-- own name goes before an alias; an alias that two teams claim stands for neither.
CREATE OR REPLACE TEMP TABLE o_team AS
WITH own AS (
    SELECT lower(name) AS spelling, min(name) AS team FROM store.team GROUP BY ALL
),
claimed AS (
    SELECT lower(unnest(aliases)) AS spelling, lower(name) AS named FROM store.team
    UNION ALL
    SELECT lower(email), lower(name) FROM store.team WHERE email IS NOT NULL
),
alias AS (
    SELECT spelling, min(named) AS named FROM claimed
    GROUP BY spelling HAVING count(DISTINCT named) = 1
)
SELECT spelling, team FROM own
UNION ALL
SELECT a.spelling, o.team
FROM alias AS a JOIN own AS o ON o.spelling = a.named
WHERE a.spelling NOT IN (SELECT spelling FROM own)
