-- Random bytes, to be written over what free blocks held.
CREATE OR REPLACE TABLE store.filler AS SELECT gen_random_uuid() AS bytes FROM range($rows)
