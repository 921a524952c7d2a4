DELETE FROM derived.span_log WHERE trace_id IN (SELECT trace_id FROM s_trace)
