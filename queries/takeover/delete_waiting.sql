DELETE FROM derived.waiting WHERE trace_id IN (SELECT trace_id FROM s_trace)
