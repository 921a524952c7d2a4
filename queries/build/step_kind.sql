-- Per execution and kind of step: when it first began; how often it went well, by which step last, and when. Most it
-- has once (repeated).
CREATE OR REPLACE TEMP TABLE b_kind AS
WITH one AS NOT MATERIALIZED (
    SELECT s.eid, s.wf, s.st, s.step, t.start_ns, t.end_ns, t.span_id, s.last_attempt AND s.failed AS failed,
        s.last_attempt AND NOT s.failed AND NOT t.refused AS good, hash(s.wf, s.st) AS sort
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
)
SELECT eid, wf, st, start_ns, failed, good::BIGINT AS done,
    CASE WHEN good THEN end_ns END AS done_ns, CASE WHEN good THEN step END AS step
FROM one ANTI JOIN derived.repeated USING (eid, sort)
UNION ALL
SELECT eid, wf, st, min(start_ns), bool_or(failed), count(*) FILTER (good), max(end_ns) FILTER (good),
    -- By its end, then its id.
    arg_max(step, end_ns::HUGEINT * 18446744073709551616 + span_id) FILTER (good)
FROM one SEMI JOIN derived.repeated USING (eid, sort)
GROUP BY eid, wf, st
