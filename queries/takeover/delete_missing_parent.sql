DELETE FROM derived.missing_parent WHERE trace_id IN (SELECT trace_id FROM s_trace)
