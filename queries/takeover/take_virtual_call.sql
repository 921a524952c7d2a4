-- needs: derived.virtual_call
INSERT INTO derived.virtual_call BY NAME SELECT o.* FROM tracemap_overlay.derived.virtual_call AS o SEMI JOIN s_eid USING (eid)
