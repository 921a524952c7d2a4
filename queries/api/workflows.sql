-- The workflows seen, with how their executions stand.
SELECT
    e.workflow,
    count(*) AS executions,
    count(*) FILTER (s.status = 'running') AS running,
    count(*) FILTER (s.status = 'stalled') AS stalled,
    count(*) FILTER (s.status IN ('failed', 'abandoned')) AS failed,
    utc(min(e.start_ns)) AS first_seen,
    utc(max(e.end_ns)) AS last_seen
FROM derived.execution AS e JOIN derived.execution_state AS s USING (eid)
WHERE e.workflow IS NOT NULL
GROUP BY e.workflow
ORDER BY executions DESC, e.workflow
