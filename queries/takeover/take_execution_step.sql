INSERT INTO derived.execution_step BY NAME SELECT o.* FROM overlay.derived.execution_step AS o SEMI JOIN s_eid USING (eid)
