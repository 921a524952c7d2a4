-- Kafka: a topic, partition and offset name a message, whoever tells it.
INSERT INTO b_join
WITH published AS (
    SELECT s.destination, s.partition, s.log_offset, arg_min(p.mid, s.span_id) AS mid
    FROM b_producer AS p JOIN derived.span AS s ON s.sid = p.mid
    WHERE s.log_offset IS NOT NULL
    GROUP BY s.destination, s.partition, s.log_offset
)
SELECT t.sid, p.mid, 'offset' AS how
FROM b_taker AS t JOIN published AS p USING (destination, partition, log_offset)
WHERE t.sid NOT IN (SELECT sid FROM b_join)
