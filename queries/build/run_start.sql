-- Runs: the start step of an identity's workflow begins again after everything before it ended,
-- the last of it being a step that ends other executions of the workflow (section 5.3).
CREATE OR REPLACE TEMP TABLE b_run_start AS
WITH first_head AS (
    SELECT vid, arg_min(service, (start_ns, span_id)) AS service, arg_min(name, (start_ns, span_id)) AS name
    FROM b_head GROUP BY vid
),
start AS (
    SELECT h.vid, h.step, h.start_ns, h.service, h.name,
        row_number() OVER (PARTITION BY h.vid ORDER BY h.start_ns, h.span_id) AS place
    FROM b_head AS h JOIN first_head AS f USING (vid, service, name)
),
again AS (SELECT vid FROM start WHERE place = 2),
last_step AS (
    SELECT si.vid, arg_max(t.service || '/' || t.name, (t.end_ns, t.start_ns)) AS ending
    FROM b_step_identity AS si JOIN derived.step AS t USING (step) ANTI JOIN again USING (vid)
    GROUP BY si.vid
),
ending AS (
    SELECT *, sum(times) OVER (PARTITION BY service, name) AS total
    FROM (
        SELECT s.service, s.name, l.ending, count(*) AS times
        FROM last_step AS l JOIN start AS s ON s.vid = l.vid AND s.place = 1
        GROUP BY s.service, s.name, l.ending
    )
),
before AS (
    SELECT s.vid, s.step, s.start_ns, s.service, s.name,
        max(t.end_ns) AS ended_ns,
        arg_max(t.service || '/' || t.name, (t.end_ns, t.start_ns)) AS ending,
        arg_max(t.failed, (t.end_ns, t.start_ns)) AS failed
    FROM start AS s SEMI JOIN again USING (vid)
    JOIN b_step_identity AS si ON si.vid = s.vid
    JOIN derived.step AS t ON t.step = si.step AND t.start_ns < s.start_ns
    WHERE s.place > 1
    GROUP BY ALL
)
SELECT b.vid, b.start_ns
FROM before AS b JOIN ending AS e USING (service, name, ending)
WHERE b.ended_ns <= b.start_ns AND NOT b.failed AND e.times >= 0.2 * e.total
