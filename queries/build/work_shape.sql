-- What a step did by itself and in the calls it waited for; what it sent is the outcome. A set of pieces is told
-- from another by the sum of their hashes.
CREATE OR REPLACE TEMP TABLE b_shape AS
WITH work AS (
    SELECT o.step, hash(text_hash(s.service), text_hash(s.name), s.kind, s.failed) AS piece
    FROM derived.span_step AS o JOIN derived.span AS s USING (sid)
    WHERE s.kind != 4 AND o.step IN (SELECT step FROM b_wanted)
    UNION
    SELECT h.from_step, hash(text_hash(t.service), text_hash(t.name), 'called', t.failed OR t.refused)
    FROM derived.handoff AS h JOIN derived.step AS t ON t.step = h.to_step
    WHERE NOT h.is_async AND h.from_step IN (SELECT step FROM b_wanted)
)
SELECT step, hash(sum(piece::HUGEINT), count(*)) AS shape FROM work GROUP BY step
