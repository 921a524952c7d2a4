-- Executions, the ones seen last first. Null parameters do not filter; $correlation_key too.
WITH asked AS (
    SELECT e.eid
    FROM derived.execution AS e
    WHERE ($execution IS NULL OR e.execution = $execution)
      AND ($status IS NULL OR e.eid IN (
        SELECT eid FROM derived.execution_state WHERE list_contains(string_split($status, ','), status)))
      AND ($workflow IS NULL OR e.workflow = $workflow)
      AND ($service IS NULL OR list_contains(e.services, $service))
      AND ($since_ns IS NULL OR e.end_ns >= $since_ns)
    ORDER BY e.end_ns DESC, e.execution
    LIMIT $limit
)
SELECT *
FROM executions_of((SELECT list(eid) FROM asked))
ORDER BY last_seen DESC, execution
