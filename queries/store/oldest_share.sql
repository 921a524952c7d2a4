-- The moment before which a share of all spans was received.
SELECT received_ns + 1
FROM (
    SELECT received_ns, sum(spans) OVER (ORDER BY received_ns, batch_id) AS upto,
        sum(spans) OVER () AS total
    FROM store.batch
)
WHERE upto >= $share * total
ORDER BY upto
LIMIT 1
