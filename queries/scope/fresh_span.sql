-- The new spans alone, to see what they are tied to.
CREATE TABLE store.span AS SELECT * EXCLUDE (packed) FROM store.span WHERE batch_id > $after AND batch_id <= $upto
