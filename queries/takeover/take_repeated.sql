-- needs: derived.repeated
INSERT INTO derived.repeated BY NAME SELECT o.* FROM tracemap_overlay.derived.repeated AS o SEMI JOIN s_eid USING (eid)
