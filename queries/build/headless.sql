-- Steps that only the key ties to their execution, beside every step of it that began before.
CREATE OR REPLACE TEMP TABLE b_headless AS
WITH headless AS (
    SELECT e.eid, e.step, s.service, s.name, s.start_ns, w.service || '/' || w.workflow AS workflow
    FROM b_run_step AS e
    JOIN derived.step AS s USING (step)
    JOIN b_execution AS x USING (eid)
    JOIN b_workflow AS w USING (eid)
    WHERE e.step != x.first_step
        AND NOT EXISTS (SELECT 1 FROM derived.handoff AS h WHERE h.eid = e.eid AND h.to_step = e.step)
),
before AS (
    SELECT h.eid, h.step, h.service, h.name, h.workflow, h.start_ns, t.step AS from_step, t.service AS from_service,
        t.name AS from_name, t.end_ns <= h.start_ns AS ended, t.end_ns, t.start_ns AS from_start_ns, t.span_id AS from_span_id
    FROM headless AS h JOIN b_run_step AS r ON r.eid = h.eid AND r.step != h.step JOIN derived.step AS t ON t.step = r.step AND t.start_ns <= h.start_ns
)
SELECT * FROM before
