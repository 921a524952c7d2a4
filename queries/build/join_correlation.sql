-- Context lost, no id: a publication and a consumption of one destination in the same execution
-- that have nobody else are paired in order of time (design section 6, joined by correlation).
INSERT INTO b_join
WITH alone AS MATERIALIZED (
    SELECT t.sid, t.trace_id, t.span_id, coalesce(t.address, t.destination) AS queue, t.system, t.consumer_group, t.start_ns
    FROM (SELECT * FROM b_taker WHERE operation = 'process' AND destination IS NOT NULL) AS t
    ANTI JOIN (SELECT sid FROM b_join WHERE how != 'identity') AS j USING (sid)
),
open_taker AS (
    SELECT t.sid, t.queue, t.system, ks.kset,
        row_number() OVER (PARTITION BY t.queue, ks.kset, t.consumer_group ORDER BY t.start_ns, t.span_id, t.trace_id) AS place
    FROM alone AS t JOIN derived.span_set AS ks USING (sid)
),
open_message AS (
    SELECT m.mid, m.queue, m.system, m.kset,
        row_number() OVER (PARTITION BY m.queue, m.kset ORDER BY m.published_ns, m.span_id, m.trace_id) AS place
    FROM (
        SELECT *, coalesce(address, destination) AS queue FROM derived.message
        WHERE mid >= 0 AND destination IS NOT NULL AND queue IN (SELECT queue FROM alone)
    ) AS m
    ANTI JOIN b_join USING (mid)
)
SELECT t.sid, m.mid, 'correlation' AS how
FROM open_taker AS t JOIN open_message AS m USING (queue, kset, place)
WHERE t.system IS NOT DISTINCT FROM m.system
