INSERT INTO store.code_rule BY NAME SELECT * FROM incoming_code_rules
