-- The executions of a trace (whose id begins with $text) or of a span. Ids are compared as they are stored, not as text.
WITH hit AS MATERIALIZED (
    SELECT sid, trace_id BETWEEN rpad($text, 32, '0')::UUID AND rpad($text, 32, 'f')::UUID AS of_trace
    FROM derived.span
    WHERE trace_id BETWEEN rpad($text, 32, '0')::UUID AND rpad($text, 32, 'f')::UUID
        OR span_id = CASE WHEN length($text) = 16 THEN ('0x' || $text)::UBIGINT END
)
SELECT e.execution, if(bool_or(h.of_trace), 'a trace', 'a span') AS how
FROM hit AS h
JOIN derived.span_step AS t USING (sid)
JOIN derived.execution_step AS x USING (step)
JOIN derived.execution AS e USING (eid)
GROUP BY e.execution
ORDER BY e.execution
LIMIT 1000
