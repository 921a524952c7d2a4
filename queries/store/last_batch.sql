-- The newest batch and all spans up to it, ever: those that a damaged log took count as well.
SELECT coalesce(max(batch_id), 0), coalesce(max(total), 0)
FROM (
    SELECT batch_id, total FROM store.batch
    UNION ALL SELECT batch_id, total FROM store.loss
)
