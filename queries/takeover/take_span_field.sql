-- needs: derived.span_field
INSERT INTO derived.span_field BY NAME SELECT o.* FROM tracemap_overlay.derived.span_field AS o SEMI JOIN s_trace USING (trace_id)
