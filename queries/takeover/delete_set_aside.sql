DELETE FROM derived.set_aside WHERE trace_id IN (SELECT trace_id FROM s_trace)
