CREATE TABLE store.log AS SELECT * FROM store.log WHERE batch_id > $after AND batch_id <= $upto
