-- needs: derived.link
INSERT INTO derived.link BY NAME SELECT o.* FROM tracemap_overlay.derived.link AS o SEMI JOIN s_sid USING (sid)
