PREPARE insert_events AS INSERT INTO store.event BY NAME SELECT * FROM incoming_events
