-- Of a trace (whose id begins with $text) that is no execution: why not.
SELECT trace_id, what, because, service FROM set_aside WHERE starts_with(trace_id, lower($text)) ORDER BY trace_id LIMIT 1
