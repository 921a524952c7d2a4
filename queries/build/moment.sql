-- What each source received, by the minute in which spans ended: how many, the first two and last two ends.
-- Added to what was known, so that it never needs all spans again.
CREATE OR REPLACE TABLE derived.moment AS
SELECT source_id, minute, sum(spans)::BIGINT AS spans,
    list_slice(list_sort(flatten(list(first_ns))), 1, 2) AS first_ns,
    list_slice(list_reverse_sort(flatten(list(last_ns))), 1, 2) AS last_ns
FROM (SELECT * EXCLUDE (resource_id) FROM b_fresh UNION ALL BY NAME FROM derived.moment)
GROUP BY source_id, minute
