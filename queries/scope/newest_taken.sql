-- The newest that was taken, of what was known and what is new.
CREATE OR REPLACE TABLE derived.newest_taken AS
SELECT system, destination, consumer_group, partition, max(DISTINCT one, 101) AS newest
FROM (
    SELECT system, destination, consumer_group, partition, {'published_ns': published_ns, 'mid': mid} AS one FROM b_taken
    UNION ALL
    SELECT system, destination, consumer_group, partition, unnest(newest) FROM derived.newest_taken
) WHERE one.mid IN (SELECT mid FROM b_taken) OR one.mid NOT IN (SELECT sid FROM s_old)
GROUP BY system, destination, consumer_group, partition
