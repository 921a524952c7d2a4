-- Per destination and consumer group: how much of what was published it took since it began to, after
-- how long, and whether its receives lost links, so that silence proves nothing.
CREATE OR REPLACE TABLE derived.model_destination AS
WITH taken AS (
    SELECT m.mid, m.system, m.destination, r.consumer_group, m.published_ns,
        min(r.start_ns) AS taken_ns, min(r.service) AS service
    FROM derived.message AS m JOIN derived.reception AS r USING (mid)
    WHERE m.mid >= 0 AND m.destination IS NOT NULL AND NOT r.dead_letter
    GROUP BY m.mid, m.system, m.destination, r.consumer_group, m.published_ns
),
audience AS (
    SELECT system, destination, consumer_group, min(service) AS service, count(*) AS taken,
        min(published_ns) AS oldest_taken_ns, max(published_ns) AS newest_taken_ns,
        quantile_disc(greatest(taken_ns - published_ns, 0), 0.99) AS p99_wait_ns
    FROM taken GROUP BY system, destination, consumer_group
),
published AS (
    -- Up to the newest that it took: what came later may still be taken.
    SELECT a.system, a.destination, a.consumer_group, count(*) AS messages
    FROM audience AS a
    JOIN derived.message AS m ON m.destination = a.destination AND m.system IS NOT DISTINCT FROM a.system
    WHERE m.mid >= 0 AND m.published_ns BETWEEN a.oldest_taken_ns AND a.newest_taken_ns
    GROUP BY a.system, a.destination, a.consumer_group
),
linked AS (SELECT sid, count(*) AS links FROM derived.link GROUP BY sid),
blind AS (
    SELECT DISTINCT coalesce(s.consumer_group, s.service) AS consumer_group
    FROM derived.span AS s LEFT JOIN linked AS l USING (sid)
    WHERE s.operation IN ('receive', 'process')
        AND (s.dropped_links > 0 OR s.batch_count > greatest(1, coalesce(l.links, 0)))
)
SELECT a.*, p.messages AS published,
    a.consumer_group IN (SELECT consumer_group FROM blind) AS blind,
    CASE WHEN a.taken >= 30 THEN learned_deadline(a.p99_wait_ns) ELSE $deadline_handoff_ns END AS deadline_ns,
    CASE WHEN a.taken >= 30 THEN printf('learned: 10 x p99 of %d', a.taken) ELSE 'default' END AS deadline_source,
    -- A group that takes only part of a destination (a filter, a routing key) is no proof of loss.
    a.taken >= CASE WHEN p.messages >= 10 THEN 0.8 ELSE 0.5 END * p.messages AS takes_all
FROM audience AS a
JOIN published AS p
    ON p.destination = a.destination AND p.consumer_group = a.consumer_group AND p.system IS NOT DISTINCT FROM a.system
