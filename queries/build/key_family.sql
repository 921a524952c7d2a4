-- Candidates that spell one key, with the spelling that stands for all: each service may have its own, and none of
-- them joins anything by itself.
CREATE OR REPLACE TEMP TABLE b_key_family AS
WITH RECURSIVE spells AS (
    SELECT one, other FROM b_key_overlap
    WHERE NOT EXISTS (SELECT 1 FROM b_candidate AS c WHERE c.name IN (one, other) AND (c.barred IS NOT NULL OR c.partitions))
),
size AS (
    SELECT name, count(DISTINCT service) AS services, count(DISTINCT value) AS values
    FROM b_key_value WHERE name IN (SELECT one FROM spells UNION SELECT other FROM spells) GROUP BY name
),
reach(name, main) AS (
    SELECT other, one FROM spells
    UNION
    SELECT r.name, s.one FROM reach AS r JOIN spells AS s ON s.other = r.main
),
best AS (
    SELECT r.name, arg_min(r.main, (-z.services, -z.values, length(regexp_replace(r.main, '[^A-Za-z0-9]', '', 'g')), r.main)) AS main
    FROM (SELECT name, main FROM reach UNION SELECT name, name FROM reach) AS r JOIN size AS z ON z.name = r.main
    GROUP BY r.name
)
SELECT name, main FROM best WHERE name != main
