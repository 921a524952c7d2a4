DELETE FROM derived.open_trace WHERE trace_id IN (SELECT trace_id FROM s_trace)
