-- References to a team or system that no file defines (OWN003), of things that were seen; `near` is
-- the known name that is spelled most like it.
CREATE OR REPLACE TABLE derived.owner_dangling AS
WITH dangling AS (
    SELECT kind, name, namespace, written, arg_min(source, place) AS source, min(place) AS place
    FROM o_candidate WHERE rule = 'dangling-reference'
    GROUP BY ALL
),
known AS (SELECT DISTINCT team FROM o_team),
near AS (
    SELECT d.written, arg_min(k.team, (levenshtein(lower(k.team), lower(d.written)), k.team)) AS near
    FROM (SELECT DISTINCT written FROM dangling ORDER BY written LIMIT 200) AS d
    JOIN known AS k ON abs(len(k.team) - len(d.written)) <= 2
    WHERE len(d.written) BETWEEN 4 AND 100 AND levenshtein(lower(k.team), lower(d.written)) <= 2
    GROUP BY d.written
)
SELECT d.kind, d.name, d.namespace, d.written, d.source, d.place, n.near
FROM dangling AS d LEFT JOIN near AS n ON n.written = d.written
