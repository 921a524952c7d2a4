-- How many executions stand how, with the filters of api/executions.
-- Without one that looks at the executions themselves they are not read.
WITH counted AS (
    SELECT status FROM derived.execution_state
    WHERE $workflow IS NULL AND $service IS NULL AND $since_ns IS NULL
    UNION ALL
    SELECT s.status
    FROM derived.execution AS e JOIN derived.execution_state AS s USING (eid)
    WHERE NOT ($workflow IS NULL AND $service IS NULL AND $since_ns IS NULL)
      AND ($workflow IS NULL OR e.workflow = $workflow)
      AND ($service IS NULL OR list_contains(e.services, $service))
      AND ($since_ns IS NULL OR e.end_ns >= $since_ns)
)
SELECT status, count(*) AS executions
FROM counted
WHERE $status IS NULL OR list_contains(string_split($status, ','), status)
GROUP BY status
ORDER BY status
