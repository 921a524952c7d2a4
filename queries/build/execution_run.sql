-- Steps of executions: an execution is an identity and a run of it. A trace belongs to the run that
-- had begun when the identity's part of the trace began.
CREATE OR REPLACE TEMP TABLE b_run_step AS
WITH part AS (
    SELECT vid, trace_id, min(start_ns) AS start_ns
    FROM b_step_identity SEMI JOIN b_run_start USING (vid) GROUP BY vid, trace_id
),
later AS (
    SELECT p.vid, p.trace_id, 1 + count(*) AS run
    FROM part AS p JOIN b_run_start AS r ON r.vid = p.vid AND r.start_ns <= p.start_ns
    GROUP BY p.vid, p.trace_id
)
SELECT coalesce(l.run, 1) AS run, CASE WHEN l.run > 1 THEN (hash(si.vid, l.run) >> 1)::BIGINT ELSE si.vid END AS eid, si.*
FROM b_step_identity AS si LEFT JOIN later AS l ON l.vid = si.vid AND l.trace_id = si.trace_id
