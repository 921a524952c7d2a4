-- One root finding a cause (design section 9): which finding follows from which other one of the
-- same execution. A lost message is an effect of a vanished consumer only if that began after it. A step that
-- ran twice is one of the step that ran twice and led to each of its runs. Who waited for an answer that never came
-- vanished with who owed it: a caller is an effect of its callee, unless it is known to have crashed by itself, went on
-- after the last that was heard of the callee, or was at work for others, too.
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
    FROM led AS l
    -- Of those executions alone: there are seldom any.
    JOIN (SELECT * FROM derived.handoff WHERE eid IN (SELECT eids[1] FROM b_found WHERE rule = 'DUP002')) AS h
        ON h.eid = l.eid AND h.to_step = l.step AND h.type != 'correlation'
),
led_twice AS (
    SELECT c.anchor AS cause_anchor, l.anchor AS effect_anchor
    FROM led AS l JOIN twice AS c ON c.eid = l.eid AND c.step = l.step AND c.anchor != l.anchor
    GROUP BY c.anchor, l.anchor
    HAVING count(DISTINCT c.step) > 1 AND count(DISTINCT l.run) = (SELECT count(*) FROM twice AS t WHERE t.anchor = l.anchor)
),
gone AS (
    SELECT m.*, hex_trace_id(m.trace_id) || ':' || hex_span_id(m.parent_span_id) AS anchor
    FROM derived.missing_parent AS m
    WHERE m.sid IN (SELECT sid FROM b_waits_for UNION ALL SELECT for_sid FROM b_waits_for)
),
waited AS (
    SELECT b.anchor AS cause_anchor, a.anchor AS effect_anchor
    FROM b_waits_for AS w JOIN gone AS a ON a.sid = w.sid JOIN gone AS b ON b.sid = w.for_sid
    WHERE a.vanished_instance IS NULL AND a.last_child_ns <= b.child_end_ns
        AND b.anchor IN (SELECT anchor FROM b_found WHERE rule = 'ORP001')
    GROUP BY a.sid, a.anchor, b.anchor
    HAVING count(*) = (SELECT count(*) FROM b_works_for AS x WHERE x.sid = a.sid)
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
UNION
SELECT 'ORP001', cause_anchor, 'ORP001', effect_anchor FROM waited
