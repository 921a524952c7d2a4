DELETE FROM derived.virtual_step WHERE trace_id IN (SELECT trace_id FROM s_trace)
