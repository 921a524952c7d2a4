-- What failed within a step that several executions share, for one of them alone: of a batch whose consumer reports
-- single items as failed, to be delivered again. The last of what was done for that one decides. With the step, the
-- one around it: a function's own span.
CREATE OR REPLACE TEMP TABLE b_own_failure AS
WITH shared AS (
    SELECT t.step, b.sid, b.kset, s.service, s.psid
    FROM derived.span_set AS b
    JOIN derived.span_step AS t USING (sid)
    JOIN derived.span AS s ON s.sid = t.step
    WHERE b.kset < 0
),
own AS (
    SELECT p.step, k.kset AS vid, any_value(p.kset) AS kset, any_value(p.psid) AS psid, any_value(p.service) AS service
    FROM shared AS p
    JOIN derived.span AS s ON s.psid = p.sid AND s.service = p.service
    JOIN derived.span_set AS k ON k.sid = s.sid AND k.kset > 0
    GROUP BY p.step, k.kset HAVING arg_max(s.failed, (s.end_ns, s.span_id))
)
SELECT step, vid FROM own
UNION
SELECT a.step, o.vid FROM own AS o JOIN shared AS a ON a.sid = o.psid AND a.kset = o.kset AND a.service = o.service
