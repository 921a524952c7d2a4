-- The log records that stand in a range of batches.
SELECT batch_id, log_no FROM store.log
WHERE batch_id BETWEEN $first AND $last
ORDER BY batch_id, log_no
