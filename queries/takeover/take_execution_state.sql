-- needs: derived.execution_state
INSERT INTO derived.execution_state BY NAME SELECT o.* FROM tracemap_overlay.derived.execution_state AS o SEMI JOIN s_eid USING (eid)
