-- needs: derived.expected_next
INSERT INTO derived.expected_next BY NAME SELECT o.* FROM tracemap_overlay.derived.expected_next AS o SEMI JOIN s_eid USING (eid)
