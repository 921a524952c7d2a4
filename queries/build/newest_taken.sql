-- Per destination, consumer group and partition: the newest hundred and one publications that it took.
CREATE OR REPLACE TABLE derived.newest_taken AS
SELECT system, destination, consumer_group, partition,
    max({'published_ns': published_ns, 'mid': mid}, 101) AS newest
FROM b_taken GROUP BY system, destination, consumer_group, partition
