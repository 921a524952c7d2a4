INSERT INTO derived.handoff BY NAME SELECT o.* FROM overlay.derived.handoff AS o SEMI JOIN s_eid USING (eid)
