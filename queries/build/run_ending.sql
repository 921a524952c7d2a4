-- By which steps identities that ran once end, for each kind of start: how often, and of how many.
CREATE OR REPLACE TABLE derived.run_ending AS
WITH start AS (
    SELECT vid, service, name FROM b_start GROUP BY vid, service, name HAVING count(*) = 1
),
last_step AS (
    SELECT si.vid, arg_max(t.service || '/' || t.name, (t.end_ns, t.start_ns)) AS ending
    FROM b_step_identity AS si JOIN derived.step AS t USING (step) SEMI JOIN start USING (vid)
    GROUP BY si.vid
)
SELECT s.service, s.name, l.ending, count(*) AS times, sum(count(*)) OVER (PARTITION BY s.service, s.name) AS total
FROM last_step AS l JOIN start AS s USING (vid)
GROUP BY s.service, s.name, l.ending
