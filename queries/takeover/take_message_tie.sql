-- needs: derived.message_tie
INSERT INTO derived.message_tie BY NAME SELECT o.* FROM tracemap_overlay.derived.message_tie AS o SEMI JOIN s_trace USING (trace_id)
