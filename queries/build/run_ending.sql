-- By which steps identities that ran once end, for each kind of start: how often, and of how many.
CREATE OR REPLACE TABLE derived.run_ending AS
WITH start AS (
    SELECT vid, service, name FROM b_start ANTI JOIN (SELECT vid FROM b_start WHERE again) USING (vid)
),
last_step AS (
    SELECT vid, arg_max(st, (end_ns, start_ns)) AS st FROM b_step_identity SEMI JOIN start USING (vid) GROUP BY vid
),
often AS (
    SELECT s.service, s.name, l.st, count(*) AS times FROM last_step AS l JOIN start AS s USING (vid)
    GROUP BY s.service, s.name, l.st
),
kind AS (SELECT st, any_value(step) AS step FROM b_step_identity GROUP BY st)
SELECT o.service, o.name, t.service || '/' || t.name AS ending, o.times,
    sum(o.times) OVER (PARTITION BY o.service, o.name) AS total
FROM often AS o JOIN kind AS k USING (st) JOIN derived.step AS t ON t.step = k.step
