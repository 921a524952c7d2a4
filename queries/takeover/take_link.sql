INSERT INTO derived.link BY NAME SELECT o.* FROM overlay.derived.link AS o SEMI JOIN s_sid USING (sid)
