-- The executions that have a span with the attribute $key set to $value.
SELECT m.execution, 'an attribute of its spans' AS how
FROM spans s
JOIN execution_spans m USING (trace_id, span_id)
WHERE json_extract_string(s.attributes, $key) = $value
GROUP BY m.execution
ORDER BY m.execution
LIMIT 1000
