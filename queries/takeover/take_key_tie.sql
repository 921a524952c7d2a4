-- needs: derived.key_tie
INSERT INTO derived.key_tie BY NAME SELECT o.* FROM tracemap_overlay.derived.key_tie AS o SEMI JOIN s_trace USING (trace_id)
