CREATE TABLE store.link AS SELECT * FROM store.link WHERE batch_id > $after AND batch_id <= $upto
