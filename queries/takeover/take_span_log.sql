INSERT INTO derived.span_log BY NAME SELECT o.* FROM overlay.derived.span_log AS o SEMI JOIN s_trace USING (trace_id)
