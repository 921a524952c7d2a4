DELETE FROM derived.trace WHERE trace_id IN (SELECT trace_id FROM s_trace)
