PREPARE insert_resources AS INSERT INTO store.resource BY NAME SELECT * FROM incoming_resources
