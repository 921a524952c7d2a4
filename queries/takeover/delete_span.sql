DELETE FROM derived.span WHERE trace_id IN (SELECT trace_id FROM s_trace)
