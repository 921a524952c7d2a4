-- One root finding a cause (design section 9): which finding follows from which other one of the
-- same execution. A lost message is an effect of a vanished consumer only if that began after it.
CREATE OR REPLACE TEMP TABLE b_effect AS
WITH follows(cause, effect, in_time) AS (VALUES
    ('ORP001', 'ORP002', true), ('ORP001', 'STL001', true), ('ORP001', 'ORP004', false), ('ORP001', 'STL002', false),
    ('ORP002', 'ORP004', false), ('ORP002', 'STL002', false),
    ('STL001', 'ORP004', false), ('STL001', 'STL002', false),
    ('ORP004', 'STL002', false),
    ('DUP001', 'DUP002', false)
),
concerned AS (SELECT rule, anchor, since_ns, unnest(eids) AS eid, len(eids) AS width FROM b_found)
SELECT DISTINCT c.rule AS cause, c.anchor AS cause_anchor, e.rule AS effect, e.anchor AS effect_anchor
FROM concerned AS c
JOIN concerned AS e USING (eid)
JOIN follows AS f ON f.cause = c.rule AND f.effect = e.rule
WHERE (NOT f.in_time OR c.since_ns >= e.since_ns)
    -- A stopped consumer with many messages waiting is no effect of one vanished caller.
    AND e.width <= c.width
