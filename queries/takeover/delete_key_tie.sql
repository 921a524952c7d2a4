DELETE FROM derived.key_tie WHERE trace_id IN (SELECT trace_id FROM s_trace)
