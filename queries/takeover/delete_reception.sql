DELETE FROM derived.reception WHERE trace_id IN (SELECT trace_id FROM s_trace)
