-- needs: derived.open_trace
INSERT INTO derived.open_trace BY NAME SELECT o.* FROM tracemap_overlay.derived.open_trace AS o SEMI JOIN s_trace USING (trace_id)
