PREPARE insert_batches AS INSERT INTO store.batch BY NAME SELECT * FROM incoming_batches
