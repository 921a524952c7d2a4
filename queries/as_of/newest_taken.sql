-- The newest that had been taken: in sight as it was concluded of then, elsewhere as it is known now.
CREATE OR REPLACE TABLE derived.newest_taken AS
SELECT system, destination, consumer_group, partition, max(DISTINCT one, 101) AS newest
FROM (
    SELECT system, destination, consumer_group, partition, {'published_ns': published_ns, 'mid': mid} AS one FROM b_taken
    UNION ALL
    SELECT system, destination, consumer_group, partition, unnest(newest) FROM a_taken
)
GROUP BY system, destination, consumer_group, partition
