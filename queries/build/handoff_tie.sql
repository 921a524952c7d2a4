-- Hand-offs that nothing but the execution tells of, where not both ends carry its key: how each of them has it. A poll
-- has it from what it found, a relay from what links to it: the key is then no evidence of both.
CREATE OR REPLACE TEMP TABLE b_tie AS
WITH weak AS MATERIALIZED (SELECT eid, from_step, to_step FROM derived.handoff WHERE type = 'correlation'),
told AS MATERIALIZED (SELECT h.*, x.vid, x.key FROM weak AS h JOIN derived.execution AS x USING (eid)),
entry AS MATERIALIZED (
    SELECT e.vid, e.step, s.reason
    FROM (SELECT vid, from_step AS step FROM told UNION SELECT vid, to_step FROM told) AS e
    JOIN derived.span_set AS s ON s.sid = e.step
),
-- The key may be on a span within the step.
within AS MATERIALIZED (SELECT sid, step FROM derived.span_step WHERE step IN (SELECT step FROM entry WHERE reason != 'own')),
carried AS (
    SELECT i.vid, t.step, min(s.reason) AS reason
    FROM within AS t
    JOIN derived.span_set AS s USING (sid)
    JOIN derived.set_identity AS i USING (kset)
    WHERE starts_with(s.reason, 'own') GROUP BY i.vid, t.step
),
tie AS (
    SELECT vid, step, CASE WHEN e.reason = 'own' THEN 'own' ELSE coalesce(c.reason, e.reason) END AS tied,
        CASE tied
            WHEN 'own' THEN 'carries it'
            WHEN 'ancestor' THEN 'has it from what is above it'
            WHEN 'descendants' THEN 'has it from what is below it'
            WHEN 'trace' THEN 'has it from the rest of its trace'
            WHEN 'link' THEN 'has it from what it links to'
            WHEN 'linked from' THEN 'has it from what links to it'
            WHEN 'message' THEN 'has it from its message'
            ELSE 'carries ' || tied[5:] || ', which stands for it' END AS said
    FROM entry AS e LEFT JOIN carried AS c USING (vid, step)
)
SELECT t.eid, t.from_step, t.to_step, CASE WHEN t.key IS NULL THEN 'no key: of one trace, or of traces that are linked'
    ELSE 'the step before ' || a.said || ', the one after ' || b.said END AS how
FROM told AS t
JOIN tie AS a ON a.vid = t.vid AND a.step = t.from_step
JOIN tie AS b ON b.vid = t.vid AND b.step = t.to_step
WHERE a.tied != 'own' OR b.tied != 'own'
