-- Statements about one thing that name different owners, with the one that goes before. Each file
-- format speaks with its best word, as in ownership/owner_conflict.
WITH voiced AS (
    SELECT
        kind, name, folded, coalesce(lower(namespace), '') AS namespace, coalesce(system, '') AS system,
        team, source, rank,
        min(rank) OVER (PARTITION BY kind, folded, lower(namespace), system, voice) AS best
    FROM o_claim
    WHERE voice IS NOT NULL AND kind NOT IN ('system', 'domain')
        AND NOT starts_with(coalesce(team, ''), 'user:')
),
ranked AS (
    SELECT *, row_number() OVER (
        PARTITION BY kind, folded, namespace, system ORDER BY rank, team IS NULL, team, source
    ) AS place
    FROM voiced WHERE rank = best
)
SELECT l.source, l.kind, l.name, l.team, w.source AS before, w.team AS winner
FROM ranked AS l
JOIN ranked AS w
    ON w.place = 1 AND w.kind = l.kind AND w.folded = l.folded AND w.namespace = l.namespace
    AND w.system = l.system
WHERE lower(l.team) IS DISTINCT FROM lower(w.team)
    AND NOT (l.rank = 0 AND regexp_extract(l.source, '^(.*):', 1) = regexp_extract(w.source, '^(.*):', 1))
ORDER BY ALL
LIMIT 10000
