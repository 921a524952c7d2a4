-- One root finding a cause (design section 9): which finding follows from which other one of the
-- same execution. A lost message is an effect of a vanished consumer only if that began after it. A step that
-- ran twice is one of the step that ran twice and led to each of its runs.
-- needs: b_found
CREATE OR REPLACE TEMP TABLE b_effect AS
WITH RECURSIVE follows(cause, effect, in_time) AS (VALUES
    ('ORP001', 'ORP002', true), ('ORP001', 'STL001', true), ('ORP001', 'ORP004', false), ('ORP001', 'STL002', false),
    ('ORP002', 'ORP004', false), ('ORP002', 'STL002', false),
    ('STL001', 'ORP004', false), ('STL001', 'STL002', false),
    ('ORP004', 'STL002', false),
    ('DUP001', 'DUP002', false)
),
concerned AS (SELECT rule, anchor, since_ns, unnest(eids) AS eid, len(eids) AS width FROM b_found),
twice AS (
    SELECT f.anchor, f.eid, t.step
    FROM (SELECT anchor, eids[1] AS eid, unnest(span_ids) AS span_id FROM b_found WHERE rule = 'DUP002') AS f
    JOIN derived.step AS t USING (span_id)
    JOIN derived.execution_step AS x ON x.eid = f.eid AND x.step = t.step
),
led(anchor, eid, run, step) AS (
    SELECT anchor, eid, step, step FROM twice
    UNION
    SELECT l.anchor, l.eid, l.run, h.from_step
    FROM led AS l JOIN derived.handoff AS h ON h.eid = l.eid AND h.to_step = l.step AND h.type != 'correlation'
),
led_twice AS (
    SELECT c.anchor AS cause_anchor, l.anchor AS effect_anchor
    FROM led AS l JOIN twice AS c ON c.eid = l.eid AND c.step = l.step AND c.anchor != l.anchor
    GROUP BY c.anchor, l.anchor
    HAVING count(DISTINCT c.step) > 1 AND count(DISTINCT l.run) = (SELECT count(*) FROM twice AS t WHERE t.anchor = l.anchor)
)
SELECT DISTINCT c.rule AS cause, c.anchor AS cause_anchor, e.rule AS effect, e.anchor AS effect_anchor
FROM concerned AS c
JOIN concerned AS e USING (eid)
JOIN follows AS f ON f.cause = c.rule AND f.effect = e.rule
WHERE (NOT f.in_time OR c.since_ns >= e.since_ns)
    -- A stopped consumer with many messages waiting is no effect of one vanished caller.
    AND e.width <= c.width
UNION
SELECT 'DUP002', cause_anchor, 'DUP002', effect_anchor FROM led_twice
