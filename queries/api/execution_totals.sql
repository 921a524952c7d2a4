-- How many executions stand how, with the filters of api/executions.
SELECT s.status, count(*) AS executions
FROM derived.execution AS e JOIN derived.execution_state AS s USING (eid)
WHERE ($status IS NULL OR list_contains(string_split($status, ','), s.status))
  AND ($workflow IS NULL OR e.workflow = $workflow)
  AND ($service IS NULL OR list_contains(e.services, $service))
  AND ($since_ns IS NULL OR e.end_ns >= $since_ns)
GROUP BY s.status
ORDER BY s.status
