-- needs: derived.custody
INSERT INTO derived.custody BY NAME SELECT o.* FROM tracemap_overlay.derived.custody AS o SEMI JOIN s_eid USING (eid)
