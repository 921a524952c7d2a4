INSERT INTO derived.expected_next BY NAME SELECT o.* FROM overlay.derived.expected_next AS o SEMI JOIN s_eid USING (eid)
