-- code: DUP001
-- title: Message processed twice
-- family: duplicated
-- severity: high
-- meaning: One message was processed successfully more than once by one consumer group.
-- cause: Redelivery after a lost or late acknowledgement, a rebalance that went back, or a consumer
--   that does not remember what it has done.
-- action: Check what the second processing did, undo it where it had an effect, and make the
--   consumer idempotent on the message id.
-- unless: The first attempt failed (of a batch, for this message alone) or never ended, another group or queue read it (fan-out;
--   also where RabbitMQ's spans do not name their queue, and every twentieth message is processed several times), one reception was reported twice (doubled instrumentation), a span was exported twice, or several
--   messages carry one context (a batch sent at once, an unseen sender).
WITH again AS (
    SELECT mid, consumer_group, destination, identity FROM b_processed GROUP BY ALL HAVING count(*) > 1
),
taken AS (
    SELECT p.mid, p.consumer_group, p.destination, p.identity, count(*) AS times,
        list(span_id ORDER BY start_ns, span_id) AS span_ids,
        list(start_ns ORDER BY start_ns, span_id) AS starts,
        list(step ORDER BY start_ns, span_id) AS steps,
        arg_min(trace_id, (start_ns, span_id)) AS trace_id, arg_min(service, (start_ns, span_id)) AS service,
        max(end_ns) AS seen_ns
    FROM b_processed AS p
    SEMI JOIN again AS a ON a.mid = p.mid AND a.consumer_group = p.consumer_group AND a.identity = p.identity
        AND a.destination IS NOT DISTINCT FROM p.destination
    GROUP BY p.mid, p.consumer_group, p.destination, p.identity
),
concerned AS (
    SELECT t.mid, t.consumer_group, t.destination, t.identity, list(DISTINCT x.eid ORDER BY x.eid) AS eids
    FROM (SELECT mid, consumer_group, destination, identity, unnest(steps) AS step FROM taken) AS t
    JOIN derived.execution_step AS x USING (step)
    JOIN derived.message AS m USING (mid)
    -- Of a shared batch, only the executions that published the message.
    LEFT JOIN derived.execution_step AS p ON p.step = m.producer_step AND p.eid = x.eid
    WHERE m.producer_step IS NULL OR p.eid IS NOT NULL
    GROUP BY t.mid, t.consumer_group, t.destination, t.identity
)
SELECT
    CASE WHEN m.span_id IS NULL THEN t.mid::VARCHAR ELSE hex_trace_id(m.trace_id) || ':' || hex_span_id(m.span_id) END
        || ':' || concat_ws(':', t.consumer_group, t.destination, nullif(t.identity, '')) AS anchor,
    c.eids,
    t.service, s.name AS step,
    'service' AS owner_kind, t.service AS owner_name, s.namespace AS owner_namespace,
    t.trace_id, t.span_ids, t.starts[2] AS since_ns, t.seen_ns,
    printf('%s processed one message from %s %d times, %.1f s apart, each time with success',
        t.consumer_group, coalesce(t.destination, 'an unnamed destination'), t.times,
        (t.starts[2] - t.starts[1]) / 1e9) AS message,
    json_object('destination', t.destination, 'consumer_group', t.consumer_group, 'message_id', coalesce(m.message_id, nullif(t.identity, '')),
        'times', t.times, 'apart_ns', t.starts[2] - t.starts[1], 'producer', m.producer_service) AS evidence,
    printf('Check what the second run of %s in %s changed and undo it; make it idempotent on the message id.', s.name, t.service)
        AS next_action
FROM taken AS t
JOIN concerned AS c
    ON c.mid = t.mid AND c.consumer_group = t.consumer_group AND c.identity = t.identity
        AND c.destination IS NOT DISTINCT FROM t.destination
JOIN (SELECT * FROM derived.message SEMI JOIN taken USING (mid)) AS m ON m.mid = t.mid
JOIN (SELECT * FROM derived.step WHERE step IN (SELECT steps[1] FROM taken)) AS s ON s.step = t.steps[1]
-- Doubled instrumentation that shows only in the mass.
ANTI JOIN derived.doubled_group AS h ON h.destination IS NOT DISTINCT FROM t.destination AND h.consumer_group = t.consumer_group
