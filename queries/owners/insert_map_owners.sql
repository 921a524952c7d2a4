INSERT INTO store.map_owner BY NAME SELECT * FROM incoming_map_owners
