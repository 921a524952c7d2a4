-- Per destination and consumer group: how much of what was published it took since it began to, after
-- how long, and whether its receives lost links, so that silence proves nothing. not_meant: kinds of
-- publications (service and step) of which it takes none, as with a filter by type. fellows: the groups
-- that read the same messages; what another one took was taken in this one's stead (competing
-- consumers, a group renamed, one that is anonymous and new at each start). Who made a queue for itself is often
-- gone before the answer comes: nothing is expected of such.
CREATE OR REPLACE TABLE derived.model_destination AS
WITH taken AS NOT MATERIALIZED (SELECT * FROM b_taken WHERE taken_ns IS NOT NULL),
audience AS (
    SELECT target, consumer_group, any_value(system) AS system, any_value(destination) AS destination,
        min(service) AS service, count(*) AS taken,
        min(published_ns) AS oldest_taken_ns, max(published_ns) AS newest_taken_ns,
        quantile_disc(greatest(taken_ns - due_ns, 0), 0.99) AS p99_wait_ns,
        quantile_disc(busy_ns, 0.99) AS p99_busy_ns
    FROM taken GROUP BY target, consumer_group HAVING NOT contains(any_value(destination), '(anonymous)')
),
-- Between partitions there is no order: each has a newest of its own.
newest AS (
    SELECT target, consumer_group, partition, max(published_ns) AS newest_ns
    FROM taken WHERE partition IS NOT NULL GROUP BY target, consumer_group, partition
),
offered AS MATERIALIZED (
    SELECT target, consumer_group, mid, kind, published_ns, true AS took FROM taken
    UNION ALL
    -- Up to the newest that it took: what came later may still be taken. So may what is not late yet.
    SELECT m.target, m.consumer_group, m.mid, m.kind, m.published_ns, false
    FROM (
        SELECT m.*, a.consumer_group, a.newest_taken_ns, a.p99_wait_ns
        FROM b_published AS m
        JOIN audience AS a ON a.target = m.target AND m.published_ns BETWEEN a.oldest_taken_ns AND a.newest_taken_ns
        ANTI JOIN taken AS t ON t.mid = m.mid AND t.consumer_group = a.consumer_group
    ) AS m
    JOIN derived.source AS x USING (source_id)
    LEFT JOIN newest AS n USING (target, consumer_group, partition)
    WHERE m.published_ns <= coalesce(n.newest_ns, m.newest_taken_ns)
        AND x.horizon_ns - m.due_ns > learned_deadline(m.p99_wait_ns)
),
by_kind AS (
    SELECT target, consumer_group, kind, count(*) AS messages, count(*) FILTER (took) AS took,
        count(*) >= 3 AND count(*) FILTER (took) <= 0.05 * count(*) AS not_meant
    FROM offered GROUP BY target, consumer_group, kind
),
meant AS (
    SELECT target, consumer_group, coalesce(sum(messages) FILTER (NOT not_meant), 0) AS messages,
        coalesce(sum(took) FILTER (NOT not_meant), 0) AS took, coalesce(list(kind) FILTER (not_meant), []) AS not_meant
    FROM by_kind GROUP BY target, consumer_group
),
-- More than 5% missing, again and again between others that were taken: sampled, or filtered.
patchy AS (
    SELECT target, consumer_group
    FROM (
        SELECT o.target, o.consumer_group, NOT o.took AND lag(o.took) OVER (
            PARTITION BY o.target, o.consumer_group ORDER BY o.published_ns, o.mid) AS begins
        FROM offered AS o
        JOIN meant AS m USING (target, consumer_group)
        WHERE m.messages - m.took > greatest(4, 0.05 * m.messages) AND NOT list_contains(m.not_meant, o.kind)
    )
    GROUP BY ALL HAVING count(*) FILTER (begins) >= 5
),
both_took AS (
    SELECT a.target, a.consumer_group, b.consumer_group AS fellow, count(*) AS messages
    FROM (
        SELECT target, consumer_group, mid FROM taken
        WHERE target IN (SELECT target FROM audience GROUP BY target HAVING count(*) > 1)
    ) AS a
    JOIN taken AS b ON b.mid = a.mid AND b.consumer_group != a.consumer_group
    GROUP BY ALL
),
fellow AS (
    SELECT c.target, c.consumer_group, list(c.fellow ORDER BY c.fellow) AS fellows
    FROM both_took AS c
    JOIN audience AS a ON a.target = c.target AND a.consumer_group = c.consumer_group
    JOIN audience AS f ON f.target = c.target AND f.consumer_group = c.fellow
    WHERE c.messages > 0.05 * least(a.taken, f.taken)
    GROUP BY c.target, c.consumer_group
),
-- What says that it took more than one, by itself: few do. What one poll took may be told by those below it.
counted AS MATERIALIZED (
    SELECT f.sid, coalesce(f.consumer_group, s.service) AS consumer_group, s.service, greatest(f.batch_count, 1) AS batch_count, f.dropped_links
    FROM derived.span_field AS f JOIN derived.span AS s USING (sid)
    WHERE f.operation IN ('receive', 'process') AND (f.dropped_links > 0 OR f.batch_count > 1)
),
below AS MATERIALIZED (
    SELECT s.sid, c.sid AS poll FROM counted AS c JOIN b_taker AS s ON s.psid = c.sid AND s.service = c.service
),
told AS (
    SELECT sid, max(links) AS links FROM (
        SELECT sid, count(*) AS links FROM derived.link SEMI JOIN counted USING (sid) GROUP BY sid
        UNION ALL
        SELECT b.poll, count(*) FROM below AS b LEFT JOIN derived.link AS l USING (sid)
        WHERE l.sid IS NOT NULL OR b.sid IN (SELECT sid FROM b_join) GROUP BY b.poll
    ) GROUP BY sid
),
blind AS (
    SELECT DISTINCT c.consumer_group FROM counted AS c LEFT JOIN told AS t USING (sid)
    WHERE c.dropped_links > 0 OR c.batch_count > coalesce(t.links, 0)
)
SELECT a.system, a.destination, a.* EXCLUDE (target, system, destination), p.messages AS published, p.not_meant, coalesce(f.fellows, []) AS fellows,
    a.consumer_group IN (SELECT consumer_group FROM blind) AS blind,
    CASE WHEN a.taken >= 30 THEN learned_deadline(a.p99_wait_ns)
        ELSE greatest($deadline_handoff_ns, learned_deadline(a.p99_wait_ns)) END AS deadline_ns,
    CASE WHEN a.taken >= 30 THEN printf('learned: 10 x p99 of %d', a.taken) ELSE 'default' END AS deadline_source,
    -- Its span is exported only when the work is done.
    10 * least(a.p99_busy_ns, 31536000000000000) AS busy_ns,
    -- A group that takes only part of a destination (a filter, a routing key) is no proof of loss.
    p.took >= CASE WHEN p.messages >= 10 THEN 0.8 ELSE 0.5 END * p.messages AND x.target IS NULL AS takes_all
FROM audience AS a
JOIN meant AS p USING (target, consumer_group)
LEFT JOIN fellow AS f USING (target, consumer_group)
LEFT JOIN patchy AS x USING (target, consumer_group)
