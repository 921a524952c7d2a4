-- needs: derived.waiting
INSERT INTO derived.waiting BY NAME SELECT o.* FROM tracemap_overlay.derived.waiting AS o SEMI JOIN s_trace USING (trace_id)
