-- Runs: the start step of an identity's workflow begins again after everything before it ended,
-- the last of it being a step that ends other executions of the workflow (section 5.3).
CREATE OR REPLACE TEMP TABLE b_run_start AS
WITH again AS (SELECT vid FROM b_start WHERE place = 2),
before AS (
    SELECT s.vid, s.step, s.start_ns, s.service, s.name,
        max(t.end_ns) AS ended_ns,
        arg_max(t.service || '/' || t.name, (t.end_ns, t.start_ns)) AS ending,
        arg_max(t.failed, (t.end_ns, t.start_ns)) AS failed
    FROM b_start AS s SEMI JOIN again USING (vid)
    JOIN b_step_identity AS si ON si.vid = s.vid
    JOIN derived.step AS t ON t.step = si.step AND t.start_ns < s.start_ns
    WHERE s.place > 1
    GROUP BY ALL
)
SELECT b.vid, b.start_ns
FROM before AS b JOIN derived.run_ending AS e USING (service, name, ending)
WHERE b.ended_ns <= b.start_ns AND NOT b.failed AND e.times >= 0.2 * e.total
