-- The moment before which a share of all spans and log records was received.
SELECT received_ns + 1
FROM (
    SELECT received_ns, sum(spans + logs) OVER (ORDER BY received_ns, batch_id) AS upto,
        sum(spans + logs) OVER () AS total
    FROM store.batch
)
WHERE upto >= $share * total
ORDER BY upto
LIMIT 1
