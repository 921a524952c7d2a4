-- Messages, the oldest first; one row a message and consumer group.
SELECT *
FROM messages
WHERE ($execution IS NULL OR list_contains(executions, $execution))
  AND ($state IS NULL OR state = $state)
  AND ($destination IS NULL OR destination = $destination)
ORDER BY published_at, message, consumer_group
LIMIT $limit
