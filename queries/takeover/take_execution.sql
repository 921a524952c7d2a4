INSERT INTO derived.execution BY NAME SELECT o.* FROM overlay.derived.execution AS o SEMI JOIN s_eid USING (eid)
