INSERT INTO derived.resolution BY NAME SELECT o.* FROM overlay.derived.resolution AS o SEMI JOIN s_key USING (vid)
