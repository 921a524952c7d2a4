-- needs: derived.span_dropped
INSERT INTO derived.span_dropped BY NAME SELECT o.* FROM tracemap_overlay.derived.span_dropped AS o SEMI JOIN s_trace USING (trace_id)
