INSERT INTO s_trace SELECT trace_id, false FROM a_asked
