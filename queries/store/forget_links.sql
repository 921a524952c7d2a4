DELETE FROM store.link
WHERE (batch_id, span_no, position) IN (SELECT (batch_id, span_no, position) FROM victim_link)
