DELETE FROM store.packed_span WHERE (batch_id, span_no) IN (SELECT (batch_id, span_no) FROM victim)
