-- Brings the counts of batches in line with their rows, where spans were lost or deleted.
UPDATE store.batch AS b SET spans = s.rows
FROM (
    SELECT b.batch_id, count(s.batch_id) AS rows
    FROM store.batch AS b LEFT JOIN store.span AS s USING (batch_id) GROUP BY b.batch_id
) AS s
WHERE s.batch_id = b.batch_id AND s.rows != b.spans
