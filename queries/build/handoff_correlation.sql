-- Steps that only the key ties to their execution follow the step that usually ended last before
-- such a step; the key is the evidence.
INSERT INTO derived.handoff
WITH headless AS (
    SELECT e.eid, e.step, e.service, e.name, e.start_ns, w.service || '/' || w.workflow AS workflow
    FROM b_run_step AS e
    JOIN b_execution AS x USING (eid)
    JOIN b_workflow AS w USING (eid)
    WHERE e.step != x.first_step
        AND NOT EXISTS (SELECT 1 FROM derived.handoff AS h WHERE h.eid = e.eid AND h.to_step = e.step)
),
before AS (
    SELECT h.eid, h.step, h.service, h.name, h.workflow, h.start_ns, t.step AS from_step, t.service AS from_service,
        t.name AS from_name, t.end_ns <= h.start_ns AS ended, t.end_ns, t.start_ns AS from_start_ns, t.span_id AS from_span_id
    FROM headless AS h JOIN b_run_step AS t ON t.eid = h.eid AND t.step != h.step AND t.start_ns <= h.start_ns
),
nearest AS (
    SELECT * FROM before
    QUALIFY row_number() OVER (PARTITION BY eid, step ORDER BY ended DESC, end_ns DESC, from_start_ns DESC, from_name, from_span_id) = 1
),
usual AS (
    SELECT workflow, service, name, arg_max(source, (times, source)) AS source
    FROM (
        SELECT workflow, service, name, from_service || '/' || from_name AS source, count(*) AS times
        FROM nearest GROUP BY workflow, service, name, from_service || '/' || from_name
    )
    GROUP BY workflow, service, name
),
chosen AS (
    SELECT b.* FROM before AS b JOIN usual AS u USING (workflow, service, name)
    QUALIFY row_number() OVER (
        PARTITION BY b.eid, b.step
        ORDER BY b.from_service || '/' || b.from_name = u.source DESC, b.ended DESC, b.end_ns DESC, b.from_start_ns DESC, b.from_name, b.from_span_id) = 1
)
SELECT c.eid, c.from_step, c.step, 'correlation', true, 'key', NULL, NULL, greatest(c.start_ns - c.end_ns, 0), NULL
FROM chosen AS c
