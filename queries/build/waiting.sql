-- Messages that a group which takes all of the destination has not taken, since it began to take.
-- in_hand: such a consumer is at it, for spans below it arrived and it did not (missing_parent), or its
-- log records did (logged_step).
-- due_ns: since when it is there to be taken, and waits. Late and lost allow for the arrival grace and for the time that
-- processing takes: the consumer's span may be on its way, or not ended. Overtaken is what others of its partition
-- followed. left_ns: until the horizon is that much later, time alone changes nothing.
CREATE OR REPLACE TABLE derived.waiting AS
WITH
-- What a try published that failed, where a later one published to the same place: a transaction that was aborted
-- takes its messages back.
taken_back AS (
    SELECT DISTINCT a.mid
    FROM b_published AS a
    JOIN b_published AS b ON b.piece = a.piece AND b.target = a.target AND b.published_ns > a.published_ns
    WHERE a.tried_again
),
-- By itself: what is left of all messages is little.
untaken AS MATERIALIZED (
    SELECT m.mid, m.source_id, m.partition, m.due_ns, m.put_off, d.*
    FROM b_published AS m
    JOIN derived.model_destination AS d ON hash(text_hash(d.system), text_hash(d.destination)) = m.target AND m.published_ns >= d.oldest_taken_ns
    ANTI JOIN b_taken AS t ON t.mid = m.mid AND t.consumer_group = d.consumer_group
    WHERE NOT m.publish_failed AND d.takes_all AND NOT list_contains(d.not_meant, m.kind)
),
open_message AS (
    SELECT m.mid, m.system, m.destination, m.kset, m.trace_id, m.span_id, m.producer_service, m.producer_step,
        m.published_ns, u.due_ns, u.partition, u.consumer_group, u.service AS consumer_service, u.blind,
        -- A try that published its own message once more put it off. Where it does not say for how long, the waits of
        -- others tell nothing of it.
        CASE WHEN u.put_off THEN greatest(u.deadline_ns, $deadline_handoff_ns) ELSE u.deadline_ns END AS deadline_ns,
        CASE WHEN u.put_off THEN 'default, for it was put off' ELSE u.deadline_source END AS deadline_source,
        u.busy_ns,
        coalesce(list_min(list_transform(list_filter(s.gaps, lambda g: g.to_ns > m.published_ns), lambda g: g.from_ns)),
            s.horizon_ns) AS horizon_ns
    FROM untaken AS u
    JOIN derived.message AS m USING (mid)
    JOIN derived.source AS s ON s.source_id = u.source_id
    WHERE m.mid NOT IN (SELECT mid FROM taken_back)
        -- Taken up under another name (dead-lettered), or in this group's stead, is taken.
        AND NOT EXISTS (
            SELECT 1 FROM derived.reception AS r
            WHERE r.mid = u.mid AND (r.dead_letter OR NOT list_contains(u.fellows, r.consumer_group)))
),
-- Who is known by what it called, in all the executions that it is at work for.
at_work AS (
    SELECT unnest(ksets) AS kset, caller_service, since_ns FROM derived.missing_parent WHERE NOT always_missing
),
later AS (
    -- Beyond a hundred nobody counts.
    SELECT o.mid, o.consumer_group, least(101, sum(len(list_filter(t.newest, lambda n: n.published_ns > o.due_ns))))::BIGINT AS taken_later
    FROM open_message AS o
    JOIN derived.newest_taken AS t ON t.destination = o.destination AND t.consumer_group = o.consumer_group
        AND t.system IS NOT DISTINCT FROM o.system
        AND (t.partition = o.partition OR t.partition IS NULL OR o.partition IS NULL)
    GROUP BY o.mid, o.consumer_group
)
SELECT o.* EXCLUDE (partition), o.horizon_ns - o.due_ns AS waited_ns,
    $grace_ns + o.busy_ns + CASE WHEN o.deadline_source != 'default' THEN o.deadline_ns ELSE 0 END - waited_ns AS left_ns,
    coalesce(l.taken_later, 0) > 0 AS overtaken, coalesce(l.taken_later, 0) AS taken_later,
    EXISTS (
        SELECT 1 FROM at_work AS p
        WHERE p.kset = o.kset AND p.since_ns >= o.published_ns
            AND p.caller_service = o.consumer_service)
        OR EXISTS (
            SELECT 1 FROM derived.logged_step AS p
            WHERE p.kset = o.kset AND p.since_ns >= o.published_ns AND p.service = o.consumer_service) AS in_hand,
    waited_ns > o.deadline_ns + o.busy_ns + $grace_ns AS late,
    overtaken AND left_ns < 0 AS lost
FROM open_message AS o LEFT JOIN later AS l USING (mid, consumer_group)
