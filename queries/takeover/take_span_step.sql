INSERT INTO derived.span_step BY NAME SELECT o.* FROM overlay.derived.span_step AS o SEMI JOIN s_sid USING (sid)
