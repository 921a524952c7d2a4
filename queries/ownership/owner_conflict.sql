-- Sources that name another owner than the one that won (OWN002). Each source speaks with its best
-- word: a file, a catalog, the most trusted resource attribute, the line of CODEOWNERS that decides
-- (with all its owners: one of them is enough to agree). Hints, inheritance and the default rules are
-- nobody's word. A person cannot be compared with a team that he or she may be part of.
CREATE OR REPLACE TABLE derived.owner_conflict AS
WITH voiced AS (
    SELECT
        *,
        regexp_matches(coalesce(team, ''), '^(user:.*|@[^/]*|[^@/\s]+@[^@/\s]+)$') AS person,
        min(rank) OVER spoken AS best,
        row_number() OVER (spoken ORDER BY place) AS word
    FROM o_candidate WHERE voice IS NOT NULL
    WINDOW spoken AS (PARTITION BY kind, name, namespace, voice)
),
speaking AS (
    SELECT * FROM voiced
    WHERE CASE voice WHEN 'attribute' THEN word = 1 WHEN 'codeowners' THEN team IS NOT NULL ELSE rank = best END
),
objection AS (
    SELECT
        s.*, w.team AS winner,
        bool_or(lower(s.team) = lower(w.team)) OVER (
            PARTITION BY s.kind, s.name, s.namespace, s.voice
        ) AS agrees
    FROM speaking AS s
    JOIN speaking AS w
        ON w.place = 1 AND w.kind = s.kind AND w.name = s.name
        AND w.namespace IS NOT DISTINCT FROM s.namespace
    WHERE NOT w.person AND NOT (w.voice = 'codeowners' AND s.voice = 'codeowners')
)
SELECT
    kind, name, namespace,
    list({'team': team, 'source': source, 'rule': rule} ORDER BY place) AS objections
FROM objection
WHERE NOT person AND lower(team) IS DISTINCT FROM lower(winner)
    AND NOT (voice = 'codeowners' AND coalesce(agrees, false))
GROUP BY ALL
