-- Entities of catalogs with an owner of their own: where inheriting starts.
CREATE OR REPLACE TEMP TABLE o_inherited AS
SELECT
    entity, entity AS origin,
    arg_min({'team': team, 'written': written, 'dangling': dangling, 'source': source},
        (dangling, team, source)) AS owner
FROM o_declared
WHERE entity IS NOT NULL AND role = 'accountable' AND written IS NOT NULL
GROUP BY entity
