-- Steps of executions: an execution is an identity and a run of it. A trace belongs to the run that
-- had begun when the identity's part of the trace began.
CREATE OR REPLACE TEMP TABLE b_run_step AS
WITH part AS (
    SELECT si.vid, t.trace_id, min(t.start_ns) AS start_ns
    FROM b_step_identity AS si JOIN derived.step AS t USING (step) GROUP BY ALL
),
numbered AS (
    SELECT p.vid, p.trace_id, 1 + count(r.start_ns) AS run
    FROM part AS p LEFT JOIN b_run_start AS r ON r.vid = p.vid AND r.start_ns <= p.start_ns
    GROUP BY p.vid, p.trace_id
)
SELECT si.vid, n.run, CASE WHEN n.run = 1 THEN si.vid ELSE (hash(si.vid, n.run) >> 1)::BIGINT END AS eid, si.step
FROM b_step_identity AS si
JOIN derived.step AS t USING (step)
JOIN numbered AS n ON n.vid = si.vid AND n.trace_id = t.trace_id
