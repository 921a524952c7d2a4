-- Messages, the oldest first; one row a message and consumer group.
WITH asked AS (
    SELECT mid FROM derived.message
    WHERE ($destination IS NULL OR destination = $destination) AND ($execution IS NULL OR mid IN (
        FROM messages_in((SELECT list(eid) FROM derived.execution WHERE execution = $execution))))
)
SELECT *
FROM messages_of((SELECT list(mid) FROM asked))
WHERE $state IS NULL OR state = $state
ORDER BY published_at, message, consumer_group
LIMIT $limit
