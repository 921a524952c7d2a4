-- needs: derived.set_aside
INSERT INTO derived.set_aside BY NAME SELECT o.* FROM tracemap_overlay.derived.set_aside AS o SEMI JOIN s_trace USING (trace_id)
