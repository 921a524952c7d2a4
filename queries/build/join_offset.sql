-- Kafka: a topic, partition and offset name a message, whoever tells it.
INSERT INTO b_join
WITH published AS (
    SELECT DISTINCT p.mid, s.destination, s.partition, s.log_offset, s.span_id
    FROM b_producer AS p JOIN derived.span AS s ON s.sid = p.mid
    WHERE s.log_offset IS NOT NULL
)
SELECT t.sid, p.mid, 'offset' AS how
FROM b_taker AS t JOIN published AS p USING (destination, partition, log_offset)
WHERE t.sid NOT IN (SELECT sid FROM b_join)
QUALIFY row_number() OVER (PARTITION BY t.sid ORDER BY p.span_id) = 1
