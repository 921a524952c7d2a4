-- needs: derived.virtual_step
INSERT INTO derived.virtual_step BY NAME SELECT o.* FROM tracemap_overlay.derived.virtual_step AS o SEMI JOIN s_trace USING (trace_id)
