-- The times that these messages (mid) lay in a queue, until a consumer group took them: from the publication to the first
-- reception, and again from a try that failed to the next one, or until it was taken from a dead-letter queue. A
-- consumer whose span is missing took it when its work shows first.
CREATE OR REPLACE MACRO waits_of(wanted) AS TABLE
WITH asked AS (SELECT unnest(wanted) AS mid),
taken AS (
    SELECT r.mid, r.consumer_group, r.service, r.destination, r.dead_letter, r.start_ns, r.failed OR r.operation = 'reject' AS failed,
        max(r.end_ns) OVER earlier AS ended_ns, lag(r.failed OR r.operation = 'reject') OVER in_turn AS failed_before
    FROM derived.reception AS r SEMI JOIN asked USING (mid)
    WHERE NOT r.doubled
    WINDOW in_turn AS (PARTITION BY r.mid, r.consumer_group ORDER BY r.start_ns, r.span_id),
        earlier AS (PARTITION BY r.mid, r.consumer_group ORDER BY r.start_ns, r.span_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- Whose group is another one than that which gave it up.
given_up AS (
    SELECT r.mid, max(r.end_ns) AS ended_ns
    FROM derived.reception AS r SEMI JOIN asked USING (mid)
    WHERE NOT r.doubled AND NOT r.dead_letter AND (r.failed OR r.operation = 'reject') GROUP BY r.mid
),
lay AS (
    SELECT t.*, m.system, CASE WHEN t.dead_letter THEN t.destination ELSE m.destination END AS holder, m.message_id,
        m.producer_service, m.producer_step, t.failed_before IS NOT NULL AS again,
        CASE WHEN t.failed_before THEN t.ended_ns
            WHEN t.failed_before IS NULL AND t.dead_letter THEN coalesce(g.ended_ns, m.published_ns)
            WHEN t.failed_before IS NULL THEN m.published_ns END AS since_ns
    FROM taken AS t
    JOIN derived.message AS m USING (mid)
    LEFT JOIN given_up AS g ON g.mid = t.mid AND g.ended_ns <= t.start_ns
),
-- A consumer whose span has not come, or never will, is known by what it called, or wrote to its log.
at_work AS (
    SELECT unnest(ksets) AS kset, caller_service AS service, since_ns FROM derived.missing_parent WHERE NOT always_missing
    UNION ALL
    SELECT kset, service, since_ns FROM derived.logged_step
),
in_hand AS (
    SELECT w.*, (SELECT min(p.since_ns) FROM at_work AS p
        WHERE p.kset = w.kset AND p.service = w.consumer_service AND p.since_ns >= w.published_ns) AS start_ns
    FROM derived.waiting AS w SEMI JOIN asked USING (mid) WHERE w.in_hand
)
SELECT mid, system, holder, message_id, producer_service, producer_step, consumer_group, service AS taken_by,
    CASE WHEN dead_letter THEN 'dead-lettered' WHEN again THEN 'to be tried again' ELSE 'waiting in the queue' END AS state,
    utc(since_ns) AS since, utc(start_ns) AS until
FROM lay WHERE since_ns < start_ns
UNION ALL
SELECT mid, w.system, w.destination, m.message_id, w.producer_service, w.producer_step, w.consumer_group, w.consumer_service,
    'waiting in the queue', utc(w.published_ns), utc(w.start_ns)
FROM in_hand AS w JOIN derived.message AS m USING (mid) WHERE w.published_ns < w.start_ns
