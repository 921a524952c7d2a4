-- Executions, the ones seen last first. Null parameters do not filter; $correlation_key too.
SELECT *
FROM executions
WHERE ($execution IS NULL OR execution = $execution)
  AND ($status IS NULL OR list_contains(string_split($status, ','), status))
  AND ($workflow IS NULL OR workflow = $workflow)
  AND ($service IS NULL OR list_contains(services, $service))
  AND ($since_ns IS NULL OR last_seen >= make_timestamp_ns($since_ns::BIGINT))
ORDER BY last_seen DESC, execution
LIMIT $limit
