-- needs: derived.missing_parent
INSERT INTO derived.missing_parent BY NAME SELECT o.* FROM tracemap_overlay.derived.missing_parent AS o SEMI JOIN s_trace USING (trace_id)
