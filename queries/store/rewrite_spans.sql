-- Writes the spans anew that stood near deleted ones, so that nothing is left of those in the blocks they
-- were in. An UPDATE would leave the columns in their place that it does not change.
INSERT INTO store.packed_span BY NAME SELECT * FROM lifted
