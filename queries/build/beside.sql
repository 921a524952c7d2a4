-- Keys that stand beside each other: on one span, on a span and its nearest keyed ancestor, or on branches of
-- a trace that has one value of each: a number that is known once the order is saved, and the message's
-- conversation. What the root of a trace names, it names for all of it, also for what is below a span that never came.
-- The same key with another value under it is a child execution.
CREATE OR REPLACE TEMP TABLE b_beside AS
WITH above AS (
    SELECT s.sid, coalesce(n.near, CASE WHEN s.psid IN (SELECT sid FROM b_own) THEN s.psid END) AS above
    FROM derived.span AS s LEFT JOIN b_near AS n ON n.sid = s.psid
    WHERE s.sid IN (SELECT sid FROM b_own) AND s.psid IS NOT NULL
),
sole AS (
    SELECT s.trace_id, o.rank, any_value(o.vid) AS vid
    FROM b_own AS o JOIN derived.span AS s USING (sid)
    GROUP BY s.trace_id, o.rank HAVING min(o.vid) = max(o.vid)
),
here AS MATERIALIZED (
    SELECT a.sid, a.vid AS low, b.vid AS high, a.rank AS low_rank
    FROM b_own AS a JOIN b_own AS b ON a.sid = b.sid AND a.rank > b.rank
),
nested AS (
    SELECT CASE WHEN c.rank >= p.rank THEN x.sid ELSE x.above END AS sid,
        CASE WHEN c.rank >= p.rank THEN c.vid ELSE p.vid END AS low,
        CASE WHEN c.rank >= p.rank THEN p.vid ELSE c.vid END AS high,
        greatest(c.rank, p.rank) AS low_rank, c.rank = p.rank AS is_child
    FROM above AS x JOIN b_own AS c ON c.sid = x.sid JOIN b_own AS p ON p.sid = x.above
    WHERE c.vid != p.vid AND NOT (c.rank = p.rank AND c.vid IN (SELECT vid FROM b_own AS q WHERE q.sid = x.above))
),
told AS (
    SELECT low, high, low_rank, false AS is_child FROM here
    UNION
    -- A higher key on its own span tells what a value stands for there: of the batch above it, one order.
    SELECT low, high, low_rank, is_child FROM nested AS n
    WHERE is_child OR NOT EXISTS (SELECT 1 FROM here AS h WHERE h.sid = n.sid AND h.low = n.low)
),
untold AS MATERIALIZED (
    SELECT o.vid, o.rank, s.trace_id FROM b_own AS o JOIN derived.span AS s USING (sid)
    WHERE o.vid NOT IN (SELECT low FROM told WHERE NOT is_child)
)
SELECT * FROM told
UNION ALL
-- The branches of a batch have nothing to do with each other: only what nothing else tells, and all traces
-- agree on.
SELECT low, min(high), low_rank, false
FROM (
    SELECT a.vid AS low, b.vid AS high, a.rank AS low_rank, b.rank AS high_rank
    FROM sole AS a JOIN sole AS b ON b.trace_id = a.trace_id AND a.rank > b.rank
    WHERE a.vid NOT IN (SELECT low FROM told WHERE NOT is_child)
    UNION ALL
    SELECT a.vid, b.vid, a.rank, b.rank
    FROM untold AS a JOIN sole AS b ON b.trace_id = a.trace_id AND a.rank > b.rank
    WHERE (b.trace_id, b.vid) IN (SELECT (s.trace_id, o.vid) FROM b_own AS o JOIN derived.span AS s USING (sid) WHERE s.parent_span_id IS NULL)
)
GROUP BY low, low_rank, high_rank HAVING min(high) = max(high)
