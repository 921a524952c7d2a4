-- Receptions that processed a message with success, where one was processed more than once: what DUP001 counts. Of
-- groups of whose messages many were processed twice at once, all that they processed (doubled_group).
CREATE OR REPLACE TEMP TABLE b_processed AS
WITH done AS NOT MATERIALIZED (
    SELECT mid, consumer_group, sid, span_id, trace_id, service, step, start_ns, end_ns, destination, how
    FROM derived.reception
    WHERE operation = 'process' AND NOT failed AND NOT doubled AND NOT dead_letter
),
again AS MATERIALIZED (SELECT * FROM done WHERE mid IN (SELECT mid FROM done GROUP BY mid HAVING count(*) > 1)),
at_once AS (
    SELECT destination, consumer_group
    FROM (
        SELECT destination, consumer_group, mid, start_ns <= max(end_ns) OVER (
            PARTITION BY destination, consumer_group, mid ORDER BY start_ns ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS meets
        FROM again
    )
    GROUP BY destination, consumer_group HAVING count(*) FILTER (meets) >= 28
),
counted AS MATERIALIZED (
    SELECT * FROM again
    UNION ALL
    SELECT d.* FROM done AS d
    JOIN at_once AS a ON a.consumer_group = d.consumer_group AND a.destination IS NOT DISTINCT FROM d.destination
    WHERE d.mid NOT IN (SELECT mid FROM again)
),
own_failed AS (
    SELECT r.sid, r.mid
    FROM counted AS r JOIN derived.message AS m USING (mid) JOIN b_own_failure AS f ON f.step = r.step AND f.vid = m.kset
)
-- Queue by queue: each instance of a consumer may have made one for itself.
SELECT r.* EXCLUDE (how, destination), coalesce(s.address, r.destination) AS destination,
    -- What tells messages apart that were sent with one context.
    coalesce(s.message_id, s.partition || '/' || s.log_offset, '') AS identity
FROM counted AS r
JOIN b_taker AS s USING (sid)
ANTI JOIN own_failed AS f ON f.sid = r.sid AND f.mid = r.mid
WHERE r.mid NOT IN (SELECT mid FROM derived.reception WHERE dead_letter)
    -- Without any identity the context alone speaks, and only that of one message's own span.
    AND (s.message_id IS NOT NULL OR s.log_offset IS NOT NULL
        OR (r.how != 'identity' AND r.mid NOT IN (SELECT sid FROM derived.span_field WHERE batch_count != 1)))
