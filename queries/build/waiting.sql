-- Messages that a group which takes all of the destination has not taken, since it began to take.
-- in_hand: such a consumer is at it, for spans below it arrived and it did not (missing_parent).
-- Late and lost allow for the arrival grace: the consumer's span may be on its way.
CREATE OR REPLACE TABLE derived.waiting AS
WITH taken AS (
    SELECT m.system, m.destination, m.published_ns, r.consumer_group
    FROM derived.message AS m JOIN derived.reception AS r USING (mid)
    WHERE m.mid >= 0 AND m.destination IS NOT NULL
    GROUP BY m.mid, m.system, m.destination, m.published_ns, r.consumer_group
),
open_message AS (
    SELECT m.mid, m.system, m.destination, m.kset, m.trace_id, m.span_id, m.producer_service, m.producer_step,
        m.published_ns, d.consumer_group, d.service AS consumer_service, d.blind, d.deadline_ns, d.deadline_source,
        s.horizon_ns, s.horizon_ns - m.published_ns AS waited_ns, m.published_ns < d.newest_taken_ns AS overtaken
    FROM derived.message AS m
    JOIN derived.model_destination AS d ON d.destination = m.destination AND d.system IS NOT DISTINCT FROM m.system
    JOIN derived.source AS s USING (source_id)
    WHERE m.mid >= 0 AND NOT m.publish_failed AND d.takes_all AND m.published_ns >= d.oldest_taken_ns
        AND NOT EXISTS (
            SELECT 1 FROM derived.reception AS r
            -- Taken up under another name (dead-lettered) is taken.
            WHERE r.mid = m.mid AND (r.consumer_group = d.consumer_group OR r.dead_letter))
),
later AS (
    SELECT o.mid, o.consumer_group, count(*) AS taken_later
    FROM open_message AS o
    JOIN taken AS t ON t.destination = o.destination AND t.consumer_group = o.consumer_group
        AND t.system IS NOT DISTINCT FROM o.system AND t.published_ns > o.published_ns
    GROUP BY o.mid, o.consumer_group
)
SELECT o.*, coalesce(l.taken_later, 0) AS taken_later,
    EXISTS (
        SELECT 1 FROM derived.missing_parent AS p
        WHERE p.kset = o.kset AND p.since_ns >= o.published_ns AND NOT p.always_missing
            AND p.caller_service = o.consumer_service) AS in_hand,
    o.waited_ns > o.deadline_ns + $grace_ns AS late,
    o.overtaken AND o.waited_ns > $grace_ns + CASE WHEN starts_with(o.deadline_source, 'learned') THEN o.deadline_ns ELSE 0 END
        AS lost
FROM open_message AS o LEFT JOIN later AS l USING (mid, consumer_group)
