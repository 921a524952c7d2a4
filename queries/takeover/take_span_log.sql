-- needs: derived.span_log
INSERT INTO derived.span_log BY NAME SELECT o.* FROM tracemap_overlay.derived.span_log AS o SEMI JOIN s_trace USING (trace_id)
