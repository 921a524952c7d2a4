-- Hand-offs in the order in which they began.
SELECT *
FROM handoffs
WHERE ($execution IS NULL OR execution = $execution)
  AND ($workflow IS NULL OR workflow = $workflow)
ORDER BY execution, started_at, from_step, to_step
LIMIT $limit
