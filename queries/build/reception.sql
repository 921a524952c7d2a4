-- Who took each message. A copy of a reception by doubled instrumentation (nested in it, or
-- overlapping it in the same instance from another scope) is marked and counts once. What processes under a receive and names
-- no place (MassTransit) took it from where that did.
CREATE OR REPLACE TABLE derived.reception AS
WITH correlated AS (SELECT sid FROM b_join WHERE how = 'correlation'),
told AS (
    SELECT j.mid, j.how, j.sid, st.step
    FROM b_join AS j JOIN derived.span_step AS st USING (sid)
    WHERE NOT (j.how = 'identity' AND j.sid IN (SELECT sid FROM correlated))
),
-- Most messages are taken once, and not refused: of the others alone what was taken is compared.
again AS (
    SELECT mid FROM told GROUP BY mid HAVING count(*) > 1
    UNION
    SELECT mid FROM told WHERE sid IN (SELECT sid FROM b_taker WHERE operation = 'reject')
),
retaken AS MATERIALIZED (
    SELECT j.mid, t.sid, t.psid, t.trace_id, t.span_id, t.service, t.instance, t.scope_id, t.operation, t.consumer_group,
        t.start_ns, greatest(t.end_ns, t.start_ns) AS end_ns
    FROM told AS j SEMI JOIN again USING (mid) JOIN b_taker AS t USING (sid)
),
doubled AS (
    SELECT DISTINCT b.sid, b.mid
    FROM retaken AS a
    JOIN retaken AS b ON a.mid = b.mid AND a.consumer_group = b.consumer_group AND a.sid != b.sid
        AND a.operation = b.operation AND a.service = b.service
    WHERE b.psid = a.sid
        OR (a.scope_id != b.scope_id AND a.instance IS NOT DISTINCT FROM b.instance
            AND a.start_ns <= b.end_ns AND b.start_ns <= a.end_ns
            AND (a.start_ns, a.span_id, a.trace_id) < (b.start_ns, b.span_id, b.trace_id))
),
around AS (
    SELECT t.sid, o.destination
    FROM (SELECT sid, psid, service FROM b_taker WHERE destination IS NULL) AS t
    JOIN b_taker AS o ON o.sid = t.psid AND o.service = t.service AND o.destination IS NOT NULL
),
-- Refused after it was taken and before it was taken again: that try did not succeed.
refused AS (
    SELECT t.sid, t.mid FROM retaken AS t
    WHERE EXISTS (
        SELECT 1 FROM retaken AS r
        WHERE r.mid = t.mid AND r.consumer_group = t.consumer_group AND r.operation = 'reject' AND r.start_ns >= t.start_ns
            AND NOT EXISTS (
                SELECT 1 FROM retaken AS n
                WHERE n.mid = t.mid AND n.consumer_group = t.consumer_group AND n.operation = t.operation
                    AND n.start_ns > t.start_ns AND n.start_ns <= r.start_ns))
)
SELECT j.mid, j.how, t.sid, t.psid, t.trace_id, t.service, t.instance, t.scope_id, t.operation, coalesce(t.destination, u.destination) AS destination,
    t.consumer_group, coalesce(o.start_ns, t.start_ns) AS start_ns, greatest(t.end_ns, t.start_ns) AS end_ns, t.failed OR r.sid IS NOT NULL AS failed,
    t.span_id, j.step, d.sid IS NOT NULL AS doubled, coalesce(is_dead_letter(coalesce(t.destination, u.destination)), false) AS dead_letter
FROM told AS j
JOIN b_taker AS t USING (sid)
LEFT JOIN doubled AS d ON d.sid = j.sid AND d.mid = j.mid
LEFT JOIN (SELECT DISTINCT sid, mid FROM refused) AS r ON r.sid = j.sid AND r.mid = j.mid
LEFT JOIN b_polled AS o ON o.sid = j.sid
LEFT JOIN around AS u ON u.sid = j.sid
