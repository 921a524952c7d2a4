-- needs: derived.open_next
INSERT INTO derived.open_next BY NAME SELECT o.* FROM tracemap_overlay.derived.open_next AS o SEMI JOIN s_eid USING (eid)
