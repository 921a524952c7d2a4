-- Batches in the order of their arrival: what an export of everything goes through.
SELECT batch_id, spans + logs AS records FROM store.batch
WHERE batch_id > $after ORDER BY batch_id LIMIT $most
