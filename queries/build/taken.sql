-- Which publications each consumer group took: when at first, how long it was at it, and who it was. busy_ns: the longest
-- of its spans, by the end of which it is known that the message was taken; not until the last try was over, for between
-- two tries nobody is at work. What it took from a dead-letter queue only has no such time.
CREATE OR REPLACE TEMP TABLE b_taken AS
SELECT m.system, m.destination, r.consumer_group, m.partition, m.published_ns, m.due_ns, m.mid, m.target, m.kind,
    r.taken_ns, r.busy_ns, r.service
FROM (
    SELECT mid, consumer_group, min(start_ns) FILTER (NOT dead_letter) AS taken_ns,
        max(end_ns - start_ns) FILTER (NOT dead_letter) AS busy_ns, min(service) FILTER (NOT dead_letter) AS service
    FROM derived.reception GROUP BY mid, consumer_group
) AS r
JOIN b_published AS m USING (mid)
