-- Batches that wait for each other, or for what no key reaches: what is known of them has to do.
-- needs: b_batch
UPDATE b_batch SET patient = false
