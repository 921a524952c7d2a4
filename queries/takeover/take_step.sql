-- needs: derived.step
INSERT INTO derived.step BY NAME SELECT o.* FROM tracemap_overlay.derived.step AS o SEMI JOIN s_trace USING (trace_id)
