-- needs: derived.logged_step
INSERT INTO derived.logged_step BY NAME SELECT o.* FROM tracemap_overlay.derived.logged_step AS o SEMI JOIN s_trace USING (trace_id)
