DELETE FROM derived.redelivery WHERE trace_id IN (SELECT trace_id FROM s_trace)
