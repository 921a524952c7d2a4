-- title: What is tried more than once
-- description: Steps by how often they took further attempts, and how many of those runs failed in the end.
-- param: limit BIGINT = 20           how many rows
WITH last_try AS (
    SELECT execution, service, name, team, max(attempt) AS attempts, arg_max(status, (attempt, started_at)) AS outcome
    FROM steps
    WHERE NOT is_virtual
    GROUP BY ALL
)
SELECT
    service, name, any_value(team) AS team,
    count(*) FILTER (attempts > 1) AS retried,
    count(*) AS runs,
    max(attempts) AS most_attempts,
    count(*) FILTER (attempts > 1 AND outcome = 'error') AS failed_in_the_end
FROM last_try
GROUP BY service, name
HAVING count(*) FILTER (attempts > 1) > 0
ORDER BY retried DESC, service, name
LIMIT $limit
