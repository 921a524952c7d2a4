-- Spans in the order in which they started.
SELECT s.*
FROM spans s
WHERE ($execution IS NULL OR (s.trace_id, s.span_id) IN (
        SELECT (m.trace_id, m.span_id) FROM execution_spans m WHERE m.execution = $execution))
  AND ($trace_id IS NULL OR s.trace_id = lower($trace_id))
  AND ($service IS NULL OR s.service = $service)
  AND ($name IS NULL OR s.name = $name)
ORDER BY s.start_time, s.trace_id, s.span_id
LIMIT $limit
