INSERT INTO store.link BY NAME SELECT * FROM incoming_links
