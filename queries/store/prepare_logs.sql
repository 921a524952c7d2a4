PREPARE insert_logs AS INSERT INTO store.log BY NAME SELECT * FROM incoming_logs
