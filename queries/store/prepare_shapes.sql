PREPARE insert_shapes AS INSERT INTO store.shape BY NAME SELECT * FROM incoming_shapes
