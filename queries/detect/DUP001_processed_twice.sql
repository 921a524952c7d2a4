-- code: DUP001
-- title: Message processed twice
-- family: duplicated
-- severity: high
-- meaning: One message was processed successfully more than once by one consumer group.
-- cause: Redelivery after a lost or late acknowledgement, a rebalance that went back, or a consumer
--   that does not remember what it has done.
-- action: Check what the second processing did, undo it where it had an effect, and make the
--   consumer idempotent on the message id.
-- unless: The first attempt failed or never ended, another group read it (fan-out), one reception was
--   reported twice (doubled instrumentation), or a span was exported twice.
WITH processed AS (
    SELECT r.mid, r.consumer_group, r.sid, r.span_id, r.trace_id, r.service, r.step, r.start_ns, r.end_ns, r.destination
    FROM derived.reception AS r
    WHERE r.operation = 'process' AND NOT r.failed AND NOT r.doubled AND NOT r.dead_letter
        AND r.mid NOT IN (SELECT mid FROM derived.reception WHERE dead_letter)
),
taken AS (
    SELECT mid, consumer_group, any_value(destination) AS destination, count(*) AS times,
        max(start_ns) <= min(end_ns) AS overlapping,
        list(span_id ORDER BY start_ns, span_id) AS span_ids,
        list(start_ns ORDER BY start_ns, span_id) AS starts,
        list(step ORDER BY start_ns, span_id) AS steps,
        arg_min(trace_id, (start_ns, span_id)) AS trace_id, arg_min(service, (start_ns, span_id)) AS service,
        max(end_ns) AS seen_ns
    FROM processed GROUP BY mid, consumer_group
),
-- Doubled instrumentation that shows only in the mass: nearly all messages, with overlapping copies.
habit AS (
    SELECT destination, consumer_group FROM taken GROUP BY ALL
    HAVING count(*) >= 30 AND count(*) FILTER (times > 1 AND overlapping) >= 0.95 * count(*)
),
concerned AS (
    SELECT t.mid, t.consumer_group, list(DISTINCT x.eid ORDER BY x.eid) AS eids
    FROM (SELECT mid, consumer_group, unnest(steps) AS step FROM taken WHERE times > 1) AS t
    JOIN derived.execution_step AS x USING (step)
    WHERE x.eid IN (
        SELECT y.eid FROM derived.execution_step AS y JOIN derived.message AS m ON m.producer_step = y.step WHERE m.mid = t.mid)
        OR t.mid NOT IN (SELECT mid FROM derived.message WHERE producer_step IS NOT NULL)
    GROUP BY ALL
)
SELECT
    CASE WHEN m.span_id IS NULL THEN t.mid::VARCHAR ELSE hex_trace_id(m.trace_id) || ':' || hex_span_id(m.span_id) END
        || ':' || t.consumer_group AS anchor,
    c.eids,
    t.service, s.name AS step,
    'service' AS owner_kind, t.service AS owner_name, s.namespace AS owner_namespace,
    t.trace_id, t.span_ids, t.starts[2] AS since_ns, t.seen_ns,
    printf('%s processed one message from %s %d times, %.1f s apart, each time with success',
        t.consumer_group, coalesce(t.destination, 'an unnamed destination'), t.times,
        (t.starts[2] - t.starts[1]) / 1e9) AS message,
    json_object('destination', t.destination, 'consumer_group', t.consumer_group, 'message_id', m.message_id,
        'times', t.times, 'apart_ns', t.starts[2] - t.starts[1], 'producer', m.producer_service) AS evidence,
    printf('Check what the second run of %s in %s changed and undo it; make it idempotent on the message id.', s.name, t.service)
        AS next_action
FROM taken AS t
JOIN concerned AS c USING (mid, consumer_group)
JOIN derived.message AS m USING (mid)
JOIN derived.step AS s ON s.step = t.steps[1]
ANTI JOIN habit AS h ON h.destination IS NOT DISTINCT FROM t.destination AND h.consumer_group = t.consumer_group
WHERE t.times > 1
