DELETE FROM store.log WHERE (batch_id, log_no) IN (SELECT (batch_id, log_no) FROM victim_log)
