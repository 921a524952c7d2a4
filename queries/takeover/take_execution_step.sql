-- needs: derived.execution_step
INSERT INTO derived.execution_step BY NAME SELECT o.* FROM tracemap_overlay.derived.execution_step AS o SEMI JOIN s_eid USING (eid)
