INSERT INTO store.resource BY NAME SELECT * FROM incoming_resources
