INSERT INTO store.contact BY NAME SELECT * FROM incoming_contacts
