-- What a message or a link says came before steps that nobody called: they begin nothing, whatever the
-- clocks say (design section 6: cause first, clock second).
CREATE OR REPLACE TEMP TABLE b_cause AS
SELECT c.* FROM (
    SELECT r.step, m.producer_step AS cause
    FROM derived.reception AS r JOIN derived.message AS m USING (mid)
    WHERE r.how != 'parent' AND NOT r.doubled AND m.producer_step != r.step
    UNION
    SELECT step, cause FROM b_linked
) AS c
SEMI JOIN (SELECT step FROM derived.step WHERE caller IS NULL) AS u USING (step)
