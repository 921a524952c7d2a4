-- Messages that a group which takes all of the destination has not taken, since it began to take.
-- in_hand: such a consumer is at it, for spans below it arrived and it did not (missing_parent), or its
-- log records did (logged_step).
-- Late and lost allow for the arrival grace and for the time that processing takes: the consumer's span
-- may be on its way, or not ended. Overtaken is what others of its partition followed. left_ns: until the horizon
-- is that much later, time alone changes nothing.
CREATE OR REPLACE TABLE derived.waiting AS
WITH published AS (
    SELECT m.mid, m.system, m.destination, m.kset, m.trace_id, m.span_id, m.producer_service, m.producer_step,
        m.published_ns, m.publish_failed, m.source_id, s.partition, hash(m.producer_service, p.name) AS kind,
        p.piece, p.failed AND NOT p.last_attempt AS tried_again
    FROM derived.message AS m
    JOIN derived.span AS s ON s.sid = m.mid
    LEFT JOIN derived.step AS p ON p.step = m.producer_step
    WHERE m.destination IS NOT NULL
),
-- What a try published that failed, where a later one published to the same place: a transaction that was aborted
-- takes its messages back.
taken_back AS (
    SELECT DISTINCT a.mid
    FROM published AS a
    JOIN published AS b ON b.piece = a.piece AND b.destination = a.destination AND b.published_ns > a.published_ns
    WHERE a.tried_again
),
open_message AS (
    SELECT m.*, d.consumer_group, d.service AS consumer_service, d.blind, d.deadline_ns, d.deadline_source, d.busy_ns,
        coalesce(list_min(list_transform(list_filter(s.gaps, lambda g: g.to_ns > m.published_ns), lambda g: g.from_ns)),
            s.horizon_ns) AS horizon_ns
    FROM published AS m
    JOIN derived.model_destination AS d ON d.destination = m.destination AND d.system IS NOT DISTINCT FROM m.system
    JOIN derived.source AS s USING (source_id)
    WHERE NOT m.publish_failed AND m.mid NOT IN (SELECT mid FROM taken_back) AND d.takes_all AND m.published_ns >= d.oldest_taken_ns
        AND NOT list_contains(d.not_meant, m.kind)
        AND NOT EXISTS (
            SELECT 1 FROM derived.reception AS r
            -- Taken up under another name (dead-lettered), or in this group's stead, is taken.
            WHERE r.mid = m.mid AND (r.consumer_group = d.consumer_group OR r.dead_letter
                OR NOT list_contains(d.fellows, r.consumer_group)))
),
later AS (
    -- Beyond a hundred nobody counts.
    SELECT o.mid, o.consumer_group, least(101, sum(len(list_filter(t.newest, lambda n: n.published_ns > o.published_ns))))::BIGINT AS taken_later
    FROM open_message AS o
    JOIN derived.newest_taken AS t ON t.destination = o.destination AND t.consumer_group = o.consumer_group
        AND t.system IS NOT DISTINCT FROM o.system
        AND (t.partition = o.partition OR t.partition IS NULL OR o.partition IS NULL)
    GROUP BY o.mid, o.consumer_group
)
SELECT o.* EXCLUDE (kind, piece, tried_again, publish_failed, source_id, partition), o.horizon_ns - o.published_ns AS waited_ns,
    $grace_ns + o.busy_ns + CASE WHEN starts_with(o.deadline_source, 'learned') THEN o.deadline_ns ELSE 0 END - waited_ns AS left_ns,
    coalesce(l.taken_later, 0) > 0 AS overtaken, coalesce(l.taken_later, 0) AS taken_later,
    EXISTS (
        SELECT 1 FROM derived.missing_parent AS p
        WHERE p.kset = o.kset AND p.since_ns >= o.published_ns AND NOT p.always_missing
            AND p.caller_service = o.consumer_service)
        OR EXISTS (
            SELECT 1 FROM derived.logged_step AS p
            WHERE p.kset = o.kset AND p.since_ns >= o.published_ns AND p.service = o.consumer_service) AS in_hand,
    waited_ns > o.deadline_ns + o.busy_ns + $grace_ns AS late,
    overtaken AND left_ns < 0 AS lost
FROM open_message AS o LEFT JOIN later AS l USING (mid, consumer_group)
