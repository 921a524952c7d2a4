-- Batches of which nothing is left. The newest stays: numbers go on after it.
DELETE FROM store.batch WHERE spans = 0 AND logs = 0 AND batch_id < (SELECT max(batch_id) FROM store.batch)
