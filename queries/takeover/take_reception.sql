-- needs: derived.reception
INSERT INTO derived.reception BY NAME SELECT o.* FROM tracemap_overlay.derived.reception AS o SEMI JOIN s_trace USING (trace_id)
