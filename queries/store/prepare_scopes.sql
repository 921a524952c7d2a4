PREPARE insert_scopes AS INSERT INTO store.scope BY NAME SELECT * FROM incoming_scopes
