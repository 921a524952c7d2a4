PREPARE insert_links AS INSERT INTO store.link BY NAME SELECT * FROM incoming_links
