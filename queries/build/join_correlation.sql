-- Context lost, no id: a publication and a consumption of one destination in the same execution
-- that have nobody else are paired in order of time (design section 6, joined by correlation).
INSERT INTO b_join
WITH open_taker AS (
    SELECT t.sid, coalesce(t.address, t.destination) AS queue, t.system, ks.kset, t.end_ns,
        row_number() OVER (PARTITION BY queue, ks.kset, t.consumer_group ORDER BY t.start_ns, t.sid) AS place
    FROM b_taker AS t JOIN derived.span_set AS ks USING (sid)
    WHERE t.operation = 'process' AND t.destination IS NOT NULL
        AND t.sid NOT IN (SELECT sid FROM b_join WHERE how != 'identity')
),
open_message AS (
    SELECT m.mid, coalesce(m.address, m.destination) AS queue, m.system, m.kset, m.published_ns,
        row_number() OVER (PARTITION BY queue, m.kset ORDER BY m.published_ns, m.span_id) AS place
    FROM derived.message AS m
    WHERE m.mid >= 0 AND m.destination IS NOT NULL AND m.mid NOT IN (SELECT mid FROM b_join)
)
SELECT t.sid, m.mid, 'correlation' AS how
FROM open_taker AS t JOIN open_message AS m USING (queue, kset, place)
WHERE t.system IS NOT DISTINCT FROM m.system
