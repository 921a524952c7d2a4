-- needs: derived.execution
INSERT INTO derived.execution BY NAME SELECT o.* FROM tracemap_overlay.derived.execution AS o SEMI JOIN s_eid USING (eid)
