-- Pairs of candidates that spell one key: equal names but for punctuation, or the same specific
-- values, never contradicting each other within a trace. Numbers that are counted up (dense) coincide by
-- themselves: they prove nothing where the two are never seen together, but of one thing, as they are called
-- (orderNumber, order_no); nor do short values, unless the one's name ends as the other's does (app.order_id).
CREATE OR REPLACE TEMP TABLE b_key_overlap AS
WITH has AS (
    SELECT DISTINCT name, value, trace_id FROM b_key_value
    WHERE name IN (SELECT name FROM b_candidate WHERE barred IS NULL OR partitions)
),
size AS (
    SELECT name, count(DISTINCT value) AS values, avg(length(value)) AS length,
        coalesce(count(DISTINCT value) * 20 * $one_in > max(try_cast(value AS HUGEINT))::DOUBLE - min(try_cast(value AS HUGEINT))::DOUBLE
            AND count(try_cast(value AS HUGEINT)) = count(*), false) AS dense
    FROM has GROUP BY name
),
both_value AS (
    SELECT a.name AS one, b.name AS other, count(*) AS common
    FROM (SELECT DISTINCT name, value FROM has) AS a
    JOIN (SELECT DISTINCT name, value FROM has) AS b ON a.value = b.value AND a.name != b.name
    GROUP BY ALL
),
apart AS (
    SELECT a.name AS one, b.name AS other,
        count(DISTINCT a.trace_id) AS together, count(DISTINCT a.trace_id) FILTER (a.value = b.value) AS equal
    FROM has AS a JOIN has AS b ON a.trace_id = b.trace_id AND a.name != b.name
    GROUP BY ALL
)
SELECT v.one, v.other
FROM both_value AS v
JOIN size AS so ON so.name = v.one
JOIN size AS sb ON sb.name = v.other
LEFT JOIN apart AS t ON t.one = v.one AND t.other = v.other
JOIN (SELECT DISTINCT name, plain_name, stem FROM b_candidate) AS po ON po.name = v.one
JOIN (SELECT DISTINCT name, plain_name, stem FROM b_candidate) AS pb ON pb.name = v.other
WHERE (po.plain_name = pb.plain_name AND v.common > 0)
    OR (v.common >= 0.8 * sb.values AND coalesce(t.equal, 0) >= 0.98 * coalesce(t.together, 0)
        AND (po.stem = pb.stem
            OR ((sb.length >= 6 OR ends_with(po.stem, '_' || pb.stem) OR ends_with(pb.stem, '_' || po.stem))
                AND (NOT sb.dense OR coalesce(t.together, 0) > 0))))
