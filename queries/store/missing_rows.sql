-- Batches whose acknowledged counts and stored rows disagree.
SELECT b.batch_id, b.spans::BIGINT AS counted, coalesce(s.rows, 0)::BIGINT AS stored
FROM store.batch AS b
LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.span GROUP BY batch_id) AS s USING (batch_id)
WHERE b.spans != coalesce(s.rows, 0)
ORDER BY b.batch_id
