-- Per identity, the steps that nothing of the same identity called or sent to: where it starts, or goes
-- on in another trace that only the key ties to it. The earliest is the start of its workflow. alone: nearly every
-- identity has one such step, which needs no comparing.
CREATE OR REPLACE TEMP TABLE b_head AS
WITH first AS MATERIALIZED (
    SELECT si.vid, si.step FROM b_step_identity AS si
    ANTI JOIN (
        SELECT b.step, i.vid FROM b_cause AS b JOIN b_step_identity AS i ON i.step = b.cause
    ) AS c ON c.step = si.step AND c.vid = si.vid
    WHERE si.caller_st IS NULL
),
single AS (SELECT vid FROM first GROUP BY vid HAVING count(*) = 1)
SELECT h.vid, t.step, t.service, t.name, t.span_id, t.start_ns, h.vid IN (SELECT vid FROM single) AS alone
FROM first AS h JOIN derived.step AS t USING (step)
