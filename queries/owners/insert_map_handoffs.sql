INSERT INTO store.map_handoff BY NAME SELECT * FROM incoming_map_handoffs
