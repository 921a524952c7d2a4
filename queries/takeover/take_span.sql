-- needs: derived.span
INSERT INTO derived.span BY NAME SELECT o.* FROM tracemap_overlay.derived.span AS o SEMI JOIN s_trace USING (trace_id)
