INSERT INTO store.code_location BY NAME SELECT * FROM incoming_code_locations
