-- Steps in the order in which they started.
SELECT *
FROM steps
WHERE ($execution IS NULL OR execution = $execution)
  AND ($service IS NULL OR service = $service)
ORDER BY execution, started_at, step
LIMIT $limit
