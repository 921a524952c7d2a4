DELETE FROM derived.message WHERE trace_id IN (SELECT trace_id FROM s_trace) OR mid IN (SELECT mid FROM s_mid)
