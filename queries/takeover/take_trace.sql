-- needs: derived.trace
INSERT INTO derived.trace BY NAME SELECT o.* FROM tracemap_overlay.derived.trace AS o SEMI JOIN s_trace USING (trace_id)
