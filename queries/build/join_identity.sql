-- A message whose producer sent no telemetry is itself an identity: its id at its destination,
-- its offset, or the span that its consumers link to. Negative mids, so they never meet a sid.
INSERT INTO b_join
WITH open_taker AS (
    SELECT * FROM b_taker WHERE sid NOT IN (SELECT sid FROM b_join)
),
missing AS (
    SELECT sid, min(linked_trace_id::VARCHAR || linked_span_id::VARCHAR) AS target
    FROM derived.link WHERE linked_sid IS NULL
    GROUP BY sid HAVING count(*) = 1
),
named AS (
    SELECT t.sid, CASE
        WHEN t.message_id IS NOT NULL
            THEN 'id|' || coalesce(t.system, '') || '|' || coalesce(t.address, t.destination, '') || '|' || t.message_id
        WHEN t.log_offset IS NOT NULL
            THEN 'offset|' || coalesce(t.address, t.destination, '') || '|' || coalesce(t.partition, '') || '|' || t.log_offset
        ELSE 'link|' || m.target
    END AS identity
    FROM open_taker AS t LEFT JOIN missing AS m USING (sid)
)
SELECT sid, -1 - value_id('message', identity) AS mid, 'identity' AS how FROM named WHERE identity IS NOT NULL
