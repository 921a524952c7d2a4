-- References to a team or system that no file defines. ownership.yaml's own list of teams is its
-- reader's affair.
WITH dangling AS (
    SELECT source, written, min(kind) AS kind, arg_min(name, (fit, name)) AS name
    FROM o_claim WHERE dangling AND own AND NOT exact
    GROUP BY ALL
),
known AS (SELECT DISTINCT team FROM o_team)
SELECT
    d.source, d.kind, d.name, d.written,
    (
        SELECT arg_min(k.team, (levenshtein(lower(k.team), lower(d.written)), k.team))
        FROM known AS k
        WHERE len(d.written) BETWEEN 4 AND 100 AND levenshtein(lower(k.team), lower(d.written)) <= 2
    ) AS near
FROM dangling AS d
ORDER BY d.source, d.written
LIMIT 10000
