-- needs: derived.handoff
INSERT INTO derived.handoff BY NAME SELECT o.* FROM tracemap_overlay.derived.handoff AS o SEMI JOIN s_eid USING (eid)
