-- Pairs of candidates that spell one key: equal names but for punctuation, or the same specific
-- values, never contradicting each other within a trace. Numbers that are counted up (dense) coincide by
-- themselves: they prove nothing where the two are never seen together, but of one thing, as they are called
-- (orderNumber, order_no); nor do short values, unless the one's name ends as the other's does (app.order_id).
CREATE OR REPLACE TEMP TABLE b_key_overlap AS
WITH has AS MATERIALIZED (
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
-- Who may be: few pairs are, and only of these is looked at what their traces say.
likely AS MATERIALIZED (
    SELECT v.one, v.other, po.plain_name = pb.plain_name AS called_so, po.stem = pb.stem AS of_one,
        sb.length >= 6 OR ends_with(po.stem, '_' || pb.stem) OR ends_with(pb.stem, '_' || po.stem) AS specific, sb.dense
    FROM both_value AS v
    JOIN size AS sb ON sb.name = v.other
    JOIN (SELECT DISTINCT name, plain_name, stem FROM b_candidate) AS po ON po.name = v.one
    JOIN (SELECT DISTINCT name, plain_name, stem FROM b_candidate) AS pb ON pb.name = v.other
    WHERE called_so OR (v.common >= 0.8 * sb.values AND (of_one OR specific))
),
-- By itself, or a join might begin with all pairs that there are in a trace.
first AS MATERIALIZED (
    SELECT l.one, l.other, h.trace_id, h.value FROM likely AS l JOIN has AS h ON h.name = l.one WHERE NOT l.called_so
),
apart AS (
    SELECT a.one, a.other,
        count(DISTINCT a.trace_id) AS together, count(DISTINCT a.trace_id) FILTER (a.value = b.value) AS equal
    FROM first AS a JOIN has AS b ON b.name = a.other AND b.trace_id = a.trace_id
    GROUP BY ALL
)
SELECT l.one, l.other
FROM likely AS l LEFT JOIN apart AS t ON t.one = l.one AND t.other = l.other
WHERE l.called_so
    OR (coalesce(t.equal, 0) >= 0.98 * coalesce(t.together, 0)
        AND (l.of_one OR (l.specific AND (NOT l.dense OR coalesce(t.together, 0) > 0))))
