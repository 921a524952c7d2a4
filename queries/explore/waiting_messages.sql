-- title: Messages that nobody has taken up
-- description: Published and not received by anyone, the oldest first.
-- param: destination VARCHAR = NULL  only this queue or topic
-- param: limit BIGINT = 50           how many rows
SELECT m.published_at, m.destination, m.producer_service, m.message_id, m.executions, o.team, m.message
FROM messages AS m
LEFT JOIN (SELECT name, namespace, any_value(team) AS team FROM owners WHERE kind = 'destination' GROUP BY ALL) AS o
    ON o.name = m.destination AND o.namespace IS NOT DISTINCT FROM m.system
WHERE m.state = 'published' AND ($destination IS NULL OR m.destination = $destination)
ORDER BY m.published_at, m.message
LIMIT $limit
