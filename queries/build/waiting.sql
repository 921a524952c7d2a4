-- Messages that a group which takes all of the destination has not taken.
CREATE OR REPLACE TABLE derived.waiting AS
SELECT m.mid, m.system, m.destination, m.kset, m.trace_id, m.span_id, m.producer_service, m.producer_step,
    m.published_ns, d.consumer_group, d.service AS consumer_service, d.deadline_ns, d.deadline_source,
    s.horizon_ns, s.horizon_ns - m.published_ns AS waited_ns,
    m.published_ns < d.newest_taken_ns AS overtaken,
    (SELECT count(*) FROM derived.message AS n JOIN derived.reception AS r USING (mid)
        WHERE n.destination = m.destination AND n.published_ns > m.published_ns
            AND r.consumer_group = d.consumer_group) AS taken_later
FROM derived.message AS m
JOIN derived.model_destination AS d ON d.destination = m.destination AND d.system IS NOT DISTINCT FROM m.system
JOIN derived.source AS s USING (source_id)
WHERE m.mid >= 0 AND NOT m.publish_failed AND d.takes_all AND NOT d.blind
    AND NOT EXISTS (SELECT 1 FROM derived.reception AS r WHERE r.mid = m.mid AND r.consumer_group = d.consumer_group)
    -- Taken up under another name (dead-lettered, or a retry queue) is taken.
    AND NOT EXISTS (SELECT 1 FROM derived.reception AS r WHERE r.mid = m.mid AND r.dead_letter)
