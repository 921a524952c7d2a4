INSERT INTO store.declaration BY NAME SELECT * FROM incoming_declarations
