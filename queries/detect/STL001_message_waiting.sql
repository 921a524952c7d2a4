-- code: STL001
-- title: Messages waiting
-- family: stalled
-- severity: high
-- meaning: Messages wait beyond their deadline, and the group that takes everything from this
--   destination has consumed nothing later either: it has stopped. One finding a destination and group.
-- cause: The consumer is down, stuck or paused.
-- action: Look at the consumer group; when it runs again the messages are taken up.
-- unless: Within the deadline, another group has taken over, or later messages of the partition were
--   consumed (then ORP002), or the queue was made for one answer.
WITH late AS (
    SELECT * FROM derived.waiting WHERE late AND NOT overtaken AND NOT blind AND NOT in_hand
),
behind AS (
    SELECT l.system, l.destination, l.consumer_group, list(DISTINCT x.eid ORDER BY x.eid) AS eids
    FROM late AS l JOIN derived.execution_step AS x ON x.step = l.producer_step
    GROUP BY l.system, l.destination, l.consumer_group
),
oldest AS (
    SELECT *, count(*) OVER (PARTITION BY system, destination, consumer_group) AS waiting
    FROM late
    QUALIFY row_number() OVER (PARTITION BY system, destination, consumer_group ORDER BY published_ns, span_id) = 1
)
SELECT
    hex_trace_id(o.trace_id) || ':' || hex_span_id(o.span_id) || ':' || o.consumer_group AS anchor,
    list_concat(x.eids, list_filter(b.eids, lambda e: NOT list_contains(x.eids, e))) AS eids,
    o.consumer_service AS service, 'process ' || o.destination AS step,
    'service' AS owner_kind, o.consumer_service AS owner_name, NULL AS owner_namespace,
    o.trace_id, [o.span_id] AS span_ids, o.published_ns AS since_ns, o.horizon_ns AS seen_ns,
    printf('%d %s in %s, the oldest for %.0f s: %s has consumed nothing published later',
        o.waiting, CASE WHEN o.waiting = 1 THEN 'message waits' ELSE 'messages wait' END, o.destination,
        o.waited_ns / 1e9, o.consumer_group) AS message,
    json_object('destination', o.destination, 'consumer_group', o.consumer_group, 'waiting', o.waiting,
        'waited_ns', o.waited_ns, 'deadline_ns', o.deadline_ns, 'deadline', o.deadline_source, 'processing_ns', o.busy_ns,
        'arrival_grace_ns', $grace_ns) AS evidence,
    printf('See whether %s is running and consuming %s.', o.consumer_service, o.destination) AS next_action
FROM oldest AS o
JOIN behind AS b ON b.destination = o.destination AND b.consumer_group = o.consumer_group AND b.system IS NOT DISTINCT FROM o.system
JOIN (
    SELECT step, list(eid ORDER BY eid) AS eids FROM derived.execution_step
    WHERE step IN (SELECT producer_step FROM oldest) GROUP BY step
) AS x ON x.step = o.producer_step
