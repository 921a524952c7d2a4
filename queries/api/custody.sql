-- Who holds what now; the longest held first.
SELECT *
FROM custody
WHERE ($execution IS NULL OR execution = $execution)
ORDER BY since, execution, branch
LIMIT $limit
