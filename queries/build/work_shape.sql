-- What a step did by itself and in the calls it waited for; what it sent is the outcome. A set of pieces is told
-- from another by the sum of their hashes.
CREATE OR REPLACE TEMP TABLE b_shape AS
-- By themselves: they are few, and looked up among all spans.
WITH within AS MATERIALIZED (SELECT sid, step FROM derived.span_step WHERE step IN (SELECT step FROM b_wanted)),
work AS (
    SELECT o.step, hash(text_hash(s.service), text_hash(s.name), s.kind, s.failed) AS piece
    FROM derived.span AS s JOIN within AS o USING (sid)
    WHERE s.kind != 4
    UNION
    SELECT h.from_step, hash(text_hash(t.service), text_hash(t.name), 'called', t.failed OR t.refused)
    FROM derived.handoff AS h JOIN derived.step AS t ON t.step = h.to_step
    WHERE NOT h.is_async AND h.from_step IN (SELECT step FROM b_wanted)
)
SELECT step, hash(sum(piece::HUGEINT), count(*)) AS shape FROM work GROUP BY step
