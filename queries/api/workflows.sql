-- The workflows seen, with how their executions stand.
SELECT
    workflow,
    count(*) AS executions,
    count(*) FILTER (status = 'running') AS running,
    count(*) FILTER (status = 'stalled') AS stalled,
    count(*) FILTER (status IN ('failed', 'abandoned')) AS failed,
    min(started_at) AS first_seen,
    max(last_seen) AS last_seen
FROM executions
WHERE workflow IS NOT NULL
GROUP BY workflow
ORDER BY executions DESC, workflow
