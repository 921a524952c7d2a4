-- What a message or a link says came before steps that nobody called: they begin nothing, whatever the
-- clocks say (design section 6: cause first, clock second).
CREATE OR REPLACE TEMP TABLE b_cause AS
WITH uncalled AS (SELECT step FROM derived.step WHERE caller IS NULL)
SELECT r.step, m.producer_step AS cause
FROM derived.reception AS r SEMI JOIN uncalled USING (step)
JOIN derived.message AS m ON m.mid = r.mid AND m.producer_step != r.step
WHERE r.how != 'parent' AND NOT r.doubled
UNION
SELECT a.step, b.step
FROM derived.link AS l
JOIN derived.span_step AS a ON a.sid = l.sid
JOIN derived.span_step AS b ON b.sid = l.linked_sid
SEMI JOIN uncalled AS u ON u.step = a.step
WHERE a.step != b.step
