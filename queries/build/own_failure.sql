-- What failed within a step that several executions share, for one of them alone: of a batch whose consumer reports
-- single items as failed, to be delivered again. The last of what was done for that one decides. With the step, the
-- one around it: a function's own span.
CREATE OR REPLACE TEMP TABLE b_own_failure AS
WITH shared AS MATERIALIZED (
    SELECT t.step, b.sid, b.kset, s.service, s.psid
    FROM derived.span_set AS b
    JOIN derived.span_step AS t USING (sid)
    JOIN derived.span AS s ON s.sid = t.step
    WHERE b.kset < 0
),
-- By itself: few spans are below such a step, and nearly all belong to one execution alone.
item AS MATERIALIZED (
    SELECT p.step, p.kset, p.psid, p.service, s.sid, s.failed, s.end_ns, s.span_id
    FROM shared AS p JOIN derived.span AS s ON s.psid = p.sid AND s.service = p.service
),
own AS (
    SELECT p.step, k.kset AS vid, any_value(p.kset) AS kset, any_value(p.psid) AS psid, any_value(p.service) AS service
    FROM item AS p JOIN derived.span_set AS k USING (sid)
    GROUP BY p.step, k.kset HAVING min(k.kset) > 0 AND arg_max(p.failed, (p.end_ns, p.span_id))
)
SELECT step, vid FROM own
UNION
SELECT a.step, o.vid FROM own AS o JOIN shared AS a ON a.sid = o.psid AND a.kset = o.kset AND a.service = o.service
