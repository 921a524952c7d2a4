-- Runs: the start step of an identity's workflow begins again after everything before it ended,
-- the last of it being a step that ends other executions of the workflow (section 5.3).
CREATE OR REPLACE TEMP TABLE b_run_start AS
WITH again AS (SELECT DISTINCT vid FROM b_start WHERE again),
-- What had begun before each step: a window, for a key may be on ten thousand traces.
before AS (
    SELECT si.vid, t.step,
        max(t.end_ns) OVER earlier AS ended_ns,
        arg_max(t.service || '/' || t.name, (t.end_ns, t.start_ns)) OVER earlier AS ending,
        arg_max(t.failed, (t.end_ns, t.start_ns)) OVER earlier AS failed
    FROM b_step_identity AS si SEMI JOIN again USING (vid)
    JOIN derived.step AS t USING (step)
    WINDOW earlier AS (PARTITION BY si.vid ORDER BY t.start_ns RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT s.vid, s.start_ns
FROM b_start AS s
JOIN before AS b ON b.vid = s.vid AND b.step = s.step
JOIN derived.run_ending AS e ON e.service = s.service AND e.name = s.name AND e.ending = b.ending
WHERE s.again AND b.ended_ns <= s.start_ns AND NOT b.failed AND e.times >= 0.2 * e.total
