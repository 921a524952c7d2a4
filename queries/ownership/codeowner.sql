-- The code owners of services: teams by slug (@org/team) or alias, in the order of their line. A slug
-- also stands for a team that nobody lists, but other sources name. A line without owners says that
-- nobody owns the code.
CREATE OR REPLACE TEMP TABLE o_codeowner AS
WITH used AS (
    SELECT lower(team) AS spelling, min(team) AS team
    FROM (
        SELECT team FROM o_declared WHERE team IS NOT NULL
        UNION
        SELECT trim(value) FROM derived.service_attribute
        WHERE len(list_filter($owner_attributes::VARCHAR[], lambda a: key GLOB a)) > 0
    )
    GROUP BY ALL
),
owner AS (
    SELECT *, lower(regexp_extract(owner, '^@.*/([^/]+)$', 1)) AS slug FROM incoming_code_owners
)
SELECT
    c.service, c.namespace, c.owner AS written, c.source, c.place, c.decides,
    coalesce(a.team, b.team, s.team, u.team, c.owner) AS team
FROM owner AS c
LEFT JOIN o_team AS a ON a.spelling = lower(c.owner)
LEFT JOIN o_team AS b ON b.spelling = lower(ltrim(c.owner, '@')) AND c.slug != ''
LEFT JOIN o_team AS s ON s.spelling = c.slug
LEFT JOIN used AS u ON u.spelling = c.slug
