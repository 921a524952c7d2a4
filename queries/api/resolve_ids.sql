-- The executions of a trace (whose id begins with $text) or of a span.
SELECT execution, if(bool_or(starts_with(trace_id, lower($text))), 'a trace', 'a span') AS how
FROM execution_spans
WHERE starts_with(trace_id, lower($text)) OR span_id = lower($text)
GROUP BY execution
ORDER BY execution
LIMIT 1000
