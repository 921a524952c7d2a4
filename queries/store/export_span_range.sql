-- The spans that stand in a range of batches.
SELECT batch_id, span_no FROM store.span
WHERE batch_id BETWEEN $first AND $last
ORDER BY batch_id, span_no
