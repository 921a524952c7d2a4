-- Kafka: a topic, partition and offset name a message, whoever tells it: of two instrumentations above each other,
-- either.
-- needs: b_taker, b_producer
INSERT INTO b_join
WITH published AS (
    SELECT coalesce(s.address, s.destination) AS queue, s.partition, s.log_offset, arg_min(p.mid, s.span_id) AS mid
    FROM b_producer AS p JOIN b_sent AS s USING (sid)
    WHERE s.log_offset IS NOT NULL
    GROUP BY ALL
)
SELECT t.sid, p.mid, 'offset' AS how
FROM b_taker AS t
JOIN published AS p ON p.queue = coalesce(t.address, t.destination) AND p.partition = t.partition AND p.log_offset = t.log_offset
WHERE t.sid NOT IN (SELECT sid FROM b_join)
