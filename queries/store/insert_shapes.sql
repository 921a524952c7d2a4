INSERT INTO store.shape BY NAME SELECT * FROM incoming_shapes
