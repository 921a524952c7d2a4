-- Which publications each consumer group took: when at first, how long it was at it, and who it was. What it took from a
-- dead-letter queue only has no such time.
CREATE OR REPLACE TEMP TABLE b_taken AS
SELECT m.system, m.destination, r.consumer_group, m.partition, m.published_ns, m.mid, m.target, m.kind,
    r.taken_ns, r.done_ns - r.taken_ns AS busy_ns, r.service
FROM (
    SELECT mid, consumer_group, min(start_ns) FILTER (NOT dead_letter) AS taken_ns,
        max(end_ns) FILTER (NOT dead_letter) AS done_ns, min(service) FILTER (NOT dead_letter) AS service
    FROM derived.reception GROUP BY mid, consumer_group
) AS r
JOIN b_published AS m USING (mid)
