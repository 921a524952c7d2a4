-- needs: derived.open_item
INSERT INTO derived.open_item BY NAME SELECT o.* FROM tracemap_overlay.derived.open_item AS o SEMI JOIN s_eid USING (eid)
