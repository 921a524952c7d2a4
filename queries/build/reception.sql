-- Who took each message. A copy of a reception by doubled instrumentation (nested in it, or
-- overlapping it in the same instance from another scope) is marked and counts once.
CREATE OR REPLACE TABLE derived.reception AS
WITH correlated AS (SELECT sid FROM b_join WHERE how = 'correlation'),
taken AS (
    SELECT j.mid, j.how, t.sid, t.psid, t.trace_id, t.service, t.instance, t.scope_id, t.operation, t.destination,
        t.consumer_group, t.start_ns, greatest(t.end_ns, t.start_ns) AS end_ns, t.failed, d.span_id, st.step
    FROM b_join AS j
    JOIN b_taker AS t USING (sid)
    JOIN derived.span AS d USING (sid)
    JOIN derived.span_step AS st USING (sid)
    WHERE NOT (j.how = 'identity' AND j.sid IN (SELECT sid FROM correlated))
),
doubled AS (
    SELECT DISTINCT b.sid, b.mid
    FROM taken AS a
    JOIN taken AS b ON a.mid = b.mid AND a.consumer_group = b.consumer_group AND a.sid != b.sid
        AND a.operation = b.operation AND a.service = b.service
    WHERE b.psid = a.sid
        OR (a.scope_id != b.scope_id AND a.instance IS NOT DISTINCT FROM b.instance
            AND a.start_ns <= b.end_ns AND b.start_ns <= a.end_ns
            AND (a.start_ns, a.sid) < (b.start_ns, b.sid))
)
SELECT t.* REPLACE (t.failed OR EXISTS (
        -- Refused after it was taken and before it was taken again: that try did not succeed.
        SELECT 1 FROM taken AS r
        WHERE r.mid = t.mid AND r.consumer_group = t.consumer_group AND r.operation = 'reject' AND r.start_ns >= t.start_ns
            AND NOT EXISTS (
                SELECT 1 FROM taken AS n
                WHERE n.mid = t.mid AND n.consumer_group = t.consumer_group AND n.operation = t.operation
                    AND n.start_ns > t.start_ns AND n.start_ns <= r.start_ns)) AS failed),
    d.sid IS NOT NULL AS doubled,
    coalesce(is_dead_letter(t.destination), false) AS dead_letter
FROM taken AS t LEFT JOIN doubled AS d ON d.sid = t.sid AND d.mid = t.mid
