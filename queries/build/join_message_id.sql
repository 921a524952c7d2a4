-- Consumers without a causal join: by system and message id where the destinations are equal (by their own names), or
-- are a pair already seen joined (an exchange on one side, its queue on the other). Of several
-- publications of one id, the last before it was taken: of the nearest before and after the taker began,
-- for an id may be a constant, and every publication with every taker would be too many.
-- needs: b_taker
INSERT INTO b_join
WITH alone AS MATERIALIZED (
    SELECT sid, start_ns, greatest(start_ns, end_ns) AS end_ns, message_id, system, destination, address
    FROM (SELECT * FROM b_taker WHERE message_id IS NOT NULL) ANTI JOIN b_join USING (sid)
),
open_taker AS (
    SELECT sid, start_ns, end_ns, hash(text_hash(message_id), text_hash(system), text_hash(coalesce(address, destination))) AS name FROM alone
    UNION ALL
    -- Pairs are of the names that people know.
    SELECT sid, start_ns, end_ns, hash(text_hash(message_id), text_hash(system), text_hash(destination)) FROM alone WHERE address IS NOT NULL
),
published AS (
    SELECT DISTINCT p.mid, s.system, s.destination, s.address, s.message_id, s.start_ns, s.span_id
    FROM b_producer AS p JOIN b_sent AS s USING (sid)
    WHERE s.message_id IN (SELECT message_id FROM alone)
),
offered AS (
    SELECT name, start_ns, arg_min(mid, span_id) AS mid, min(span_id) AS span_id
    FROM (
        SELECT hash(text_hash(message_id), text_hash(system), text_hash(coalesce(address, destination))) AS name, start_ns, mid, span_id FROM published
        UNION ALL
        SELECT hash(text_hash(p.message_id), text_hash(p.system), text_hash(pair.consumed_from)), p.start_ns, p.mid, p.span_id
        FROM published AS p JOIN derived.destination_pair AS pair ON pair.published_to = p.destination
    ) GROUP BY name, start_ns
),
near AS (
    SELECT t.sid, t.start_ns, t.end_ns, o.mid, o.start_ns AS published_ns, o.span_id
    FROM open_taker AS t ASOF JOIN offered AS o ON o.name = t.name AND t.start_ns >= o.start_ns
    UNION ALL
    SELECT t.sid, t.start_ns, t.end_ns, o.mid, o.start_ns, o.span_id
    FROM open_taker AS t ASOF JOIN offered AS o ON o.name = t.name AND t.start_ns <= o.start_ns
)
SELECT sid, mid, 'message id' AS how FROM near
QUALIFY row_number() OVER (PARTITION BY sid ORDER BY published_ns > end_ns, abs(start_ns - published_ns), span_id) = 1
