DELETE FROM derived.message_tie WHERE trace_id IN (SELECT trace_id FROM s_trace)
