-- Batches whose acknowledged counts and stored rows, spans and log records, disagree.
SELECT b.batch_id, (b.spans + b.logs)::BIGINT AS counted,
    (coalesce(s.rows, 0) + coalesce(l.rows, 0))::BIGINT AS stored
FROM store.batch AS b
LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.span GROUP BY batch_id) AS s USING (batch_id)
LEFT JOIN (SELECT batch_id, count(*) AS rows FROM store.log GROUP BY batch_id) AS l USING (batch_id)
WHERE b.spans != coalesce(s.rows, 0) OR b.logs != coalesce(l.rows, 0)
ORDER BY b.batch_id
