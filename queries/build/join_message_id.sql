-- Consumers without a causal join: by system and message id where the destinations are equal, or
-- are a pair already seen joined (an exchange on one side, its queue on the other).
INSERT INTO b_join
WITH open_taker AS (
    SELECT * FROM b_taker AS t
    WHERE t.message_id IS NOT NULL AND t.sid NOT IN (SELECT sid FROM b_join)
),
published AS (
    SELECT DISTINCT p.mid, s.system, s.destination, s.message_id, s.start_ns, s.span_id
    FROM b_producer AS p JOIN derived.span AS s ON s.sid = p.mid
    WHERE s.message_id IS NOT NULL
)
SELECT t.sid, p.mid, 'message id' AS how
FROM open_taker AS t
JOIN published AS p ON p.message_id = t.message_id AND p.system IS NOT DISTINCT FROM t.system
LEFT JOIN derived.destination_pair AS pair ON pair.published_to = p.destination AND pair.consumed_from = t.destination
WHERE p.destination IS NOT DISTINCT FROM t.destination OR pair.published_to IS NOT NULL
-- Of several publications of one id, the last before it was taken.
QUALIFY row_number() OVER (
    PARTITION BY t.sid ORDER BY p.start_ns > t.end_ns, abs(t.start_ns - p.start_ns), p.span_id) = 1
