-- Which run of an identity its part of a trace belongs to, where that is not the first: the one that had begun when that
-- part began.
-- needs: b_run_start
CREATE OR REPLACE TEMP TABLE b_later_run AS
WITH part AS (
    SELECT vid, trace_id, min(start_ns) AS start_ns
    FROM b_step_identity SEMI JOIN b_run_start USING (vid) GROUP BY vid, trace_id
)
SELECT p.vid, p.trace_id, 1 + count(*) AS run
FROM part AS p JOIN b_run_start AS r ON r.vid = p.vid AND r.start_ns <= p.start_ns
GROUP BY p.vid, p.trace_id
