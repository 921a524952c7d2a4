-- Per destination and consumer group: how much of what was published it took since it began to, after
-- how long, and whether its receives lost links, so that silence proves nothing. not_meant: kinds of
-- publications (service and step) of which it takes none, as with a filter by type. fellows: the groups
-- that read the same messages; what another one took was taken in this one's stead (competing
-- consumers, a group renamed, one that is anonymous and new at each start). Who made a queue for itself is often
-- gone before the answer comes: nothing is expected of such.
CREATE OR REPLACE TABLE derived.model_destination AS
WITH published AS (
    SELECT m.mid, m.system, m.destination, m.published_ns, m.source_id, s.partition,
        hash(m.producer_service, p.name) AS kind
    FROM derived.message AS m
    JOIN derived.span AS s ON s.sid = m.mid
    LEFT JOIN derived.step AS p ON p.step = m.producer_step
    WHERE m.destination IS NOT NULL AND NOT contains(m.destination, '(anonymous)')
),
taken AS (
    SELECT m.mid, m.system, m.destination, r.consumer_group, m.published_ns, m.kind, m.partition,
        min(r.start_ns) AS taken_ns, max(r.end_ns) - min(r.start_ns) AS busy_ns, min(r.service) AS service
    FROM published AS m JOIN derived.reception AS r USING (mid)
    WHERE NOT r.dead_letter
    GROUP BY m.mid, m.system, m.destination, r.consumer_group, m.published_ns, m.kind, m.partition
),
audience AS (
    SELECT system, destination, consumer_group, min(service) AS service, count(*) AS taken,
        min(published_ns) AS oldest_taken_ns, max(published_ns) AS newest_taken_ns,
        quantile_disc(greatest(taken_ns - published_ns, 0), 0.99) AS p99_wait_ns,
        quantile_disc(busy_ns, 0.99) AS p99_busy_ns
    FROM taken GROUP BY system, destination, consumer_group
),
-- Between partitions there is no order: each has a newest of its own.
newest AS (
    SELECT system, destination, consumer_group, partition, max(published_ns) AS newest_ns
    FROM taken WHERE partition IS NOT NULL GROUP BY ALL
),
offered AS (
    -- Up to the newest that it took: what came later may still be taken. So may what is not late yet.
    SELECT a.system, a.destination, a.consumer_group, m.mid, m.kind, m.published_ns, t.mid IS NOT NULL AS took
    FROM audience AS a
    JOIN published AS m ON m.destination = a.destination AND m.system IS NOT DISTINCT FROM a.system
        AND m.published_ns BETWEEN a.oldest_taken_ns AND a.newest_taken_ns
    JOIN derived.source AS x ON x.source_id = m.source_id
    LEFT JOIN newest AS n ON n.destination = a.destination AND n.consumer_group = a.consumer_group
        AND n.system IS NOT DISTINCT FROM a.system AND n.partition = m.partition
    LEFT JOIN taken AS t ON t.mid = m.mid AND t.consumer_group = a.consumer_group
    WHERE m.published_ns <= coalesce(n.newest_ns, a.newest_taken_ns)
        AND (t.mid IS NOT NULL OR x.horizon_ns - m.published_ns > learned_deadline(a.p99_wait_ns))
),
by_kind AS (
    SELECT system, destination, consumer_group, kind, count(*) AS messages, count(*) FILTER (took) AS took,
        count(*) >= 3 AND count(*) FILTER (took) <= 0.05 * count(*) AS not_meant
    FROM offered GROUP BY system, destination, consumer_group, kind
),
meant AS (
    SELECT system, destination, consumer_group, coalesce(sum(messages) FILTER (NOT not_meant), 0) AS messages,
        coalesce(sum(took) FILTER (NOT not_meant), 0) AS took, coalesce(list(kind) FILTER (not_meant), []) AS not_meant
    FROM by_kind GROUP BY system, destination, consumer_group
),
-- More than 5% missing, again and again between others that were taken: sampled, or filtered.
patchy AS (
    SELECT system, destination, consumer_group
    FROM (
        SELECT o.system, o.destination, o.consumer_group, NOT o.took AND lag(o.took) OVER (
            PARTITION BY o.system, o.destination, o.consumer_group ORDER BY o.published_ns, o.mid) AS begins
        FROM offered AS o
        JOIN meant AS m ON m.destination = o.destination AND m.consumer_group = o.consumer_group
            AND m.system IS NOT DISTINCT FROM o.system
        WHERE m.messages - m.took > greatest(4, 0.05 * m.messages) AND NOT list_contains(m.not_meant, o.kind)
    )
    GROUP BY ALL HAVING count(*) FILTER (begins) >= 5
),
both_took AS (
    SELECT a.system, a.destination, a.consumer_group, b.consumer_group AS fellow, count(*) AS messages
    FROM taken AS a JOIN taken AS b ON b.mid = a.mid AND b.consumer_group != a.consumer_group
    GROUP BY ALL
),
fellow AS (
    SELECT c.system, c.destination, c.consumer_group, list(c.fellow ORDER BY c.fellow) AS fellows
    FROM both_took AS c
    JOIN audience AS a ON a.destination = c.destination AND a.consumer_group = c.consumer_group AND a.system IS NOT DISTINCT FROM c.system
    JOIN audience AS f ON f.destination = c.destination AND f.consumer_group = c.fellow AND f.system IS NOT DISTINCT FROM c.system
    WHERE c.messages > 0.05 * least(a.taken, f.taken)
    GROUP BY c.system, c.destination, c.consumer_group
),
linked AS (SELECT sid, count(*) AS links FROM derived.link GROUP BY sid),
blind AS (
    SELECT DISTINCT coalesce(s.consumer_group, s.service) AS consumer_group
    FROM derived.span AS s LEFT JOIN linked AS l USING (sid)
    WHERE s.operation IN ('receive', 'process')
        AND (s.dropped_links > 0 OR s.batch_count > greatest(1, coalesce(l.links, 0)))
)
SELECT a.*, p.messages AS published, p.not_meant, coalesce(f.fellows, []) AS fellows,
    a.consumer_group IN (SELECT consumer_group FROM blind) AS blind,
    CASE WHEN a.taken >= 30 THEN learned_deadline(a.p99_wait_ns)
        ELSE greatest($deadline_handoff_ns, learned_deadline(a.p99_wait_ns)) END AS deadline_ns,
    CASE WHEN a.taken >= 30 THEN printf('learned: 10 x p99 of %d', a.taken) ELSE 'default' END AS deadline_source,
    -- Its span is exported only when the work is done.
    10 * least(a.p99_busy_ns, 315360000000000000) AS busy_ns,
    -- A group that takes only part of a destination (a filter, a routing key) is no proof of loss.
    p.took >= CASE WHEN p.messages >= 10 THEN 0.8 ELSE 0.5 END * p.messages AND x.destination IS NULL AS takes_all
FROM audience AS a
JOIN meant AS p
    ON p.destination = a.destination AND p.consumer_group = a.consumer_group AND p.system IS NOT DISTINCT FROM a.system
LEFT JOIN fellow AS f
    ON f.destination = a.destination AND f.consumer_group = a.consumer_group AND f.system IS NOT DISTINCT FROM a.system
LEFT JOIN patchy AS x
    ON x.destination = a.destination AND x.consumer_group = a.consumer_group AND x.system IS NOT DISTINCT FROM a.system
