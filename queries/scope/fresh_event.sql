CREATE TABLE store.event AS SELECT * FROM store.event WHERE batch_id > $after AND batch_id <= $upto
