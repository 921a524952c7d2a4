DELETE FROM derived.span_dropped WHERE trace_id IN (SELECT trace_id FROM s_trace)
