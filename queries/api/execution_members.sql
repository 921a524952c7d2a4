-- The traces of an execution and why each belongs: the reason of its earliest span.
SELECT
    m.trace_id,
    arg_min(m.reason, (s.start_time, s.span_id)) AS reason,
    count(*) AS spans,
    list_sort(list(DISTINCT s.service)) AS services,
    min(s.start_time) AS started_at,
    max(s.end_time) AS ended_at
FROM execution_spans m
JOIN spans s USING (trace_id, span_id)
WHERE m.execution = $execution
GROUP BY m.trace_id
ORDER BY started_at, m.trace_id
