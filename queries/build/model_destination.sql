-- Per destination and consumer group: how much of what was published it took, after how long, and
-- whether its receives lost links, so that silence proves nothing.
CREATE OR REPLACE TABLE derived.model_destination AS
WITH taken AS (
    SELECT m.mid, m.system, m.destination, r.consumer_group, min(r.start_ns) AS taken_ns, any_value(r.service) AS service
    FROM derived.message AS m JOIN derived.reception AS r USING (mid)
    WHERE m.mid >= 0 AND m.destination IS NOT NULL AND NOT r.dead_letter GROUP BY ALL
),
published AS (
    SELECT system, destination, count(*) AS messages FROM derived.message WHERE mid >= 0 GROUP BY ALL
),
blind AS (
    SELECT DISTINCT coalesce(s.consumer_group, s.service) AS consumer_group
    FROM derived.span AS s
    WHERE s.operation IN ('receive', 'process') AND (
        s.dropped_links > 0
        OR s.batch_count > greatest(1, (SELECT count(*) FROM derived.link AS l WHERE l.sid = s.sid)))
)
SELECT t.system, t.destination, t.consumer_group, min(t.service) AS service,
    count(*) AS taken, any_value(p.messages) AS published,
    max(m.published_ns) AS newest_taken_ns,
    quantile_disc(greatest(t.taken_ns - m.published_ns, 0), 0.99) AS p99_wait_ns,
    t.consumer_group IN (SELECT consumer_group FROM blind) AS blind,
    CASE WHEN count(*) >= 30 THEN greatest(10 * quantile_disc(greatest(t.taken_ns - m.published_ns, 0), 0.99), 1000000000)
        ELSE $deadline_handoff_ns END AS deadline_ns,
    CASE WHEN count(*) >= 30 THEN printf('learned: 10 x p99 of %d', count(*)) ELSE 'default' END AS deadline_source,
    -- A group that takes only part of a destination (a filter, a routing key) is no proof of loss.
    count(*) >= CASE WHEN any_value(p.messages) >= 10 THEN 0.8 ELSE 0.5 END * any_value(p.messages) AS takes_all
FROM taken AS t
JOIN derived.message AS m USING (mid)
JOIN published AS p ON p.destination = t.destination AND p.system IS NOT DISTINCT FROM t.system
GROUP BY t.system, t.destination, t.consumer_group
