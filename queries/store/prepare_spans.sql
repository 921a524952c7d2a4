PREPARE insert_spans AS INSERT INTO store.span BY NAME SELECT * FROM incoming_spans
