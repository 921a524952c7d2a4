-- How many executions stand how, with the filters of api/executions.
SELECT status, count(*) AS executions
FROM executions
WHERE ($status IS NULL OR list_contains(string_split($status, ','), status))
  AND ($workflow IS NULL OR workflow = $workflow)
  AND ($service IS NULL OR list_contains(services, $service))
  AND ($since_ns IS NULL OR last_seen >= make_timestamp_ns($since_ns::BIGINT))
GROUP BY status
ORDER BY status
