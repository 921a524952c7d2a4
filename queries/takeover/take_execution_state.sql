INSERT INTO derived.execution_state BY NAME SELECT o.* FROM overlay.derived.execution_state AS o SEMI JOIN s_eid USING (eid)
