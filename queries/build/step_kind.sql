-- Per execution and kind of step: when it first began; how often it went well, by which step last, and when. Most it
-- has once (repeated).
CREATE OR REPLACE TEMP TABLE b_kind AS
WITH one AS NOT MATERIALIZED (
    SELECT r.eid, e.wf, r.st, r.step, r.start_ns, r.end_ns, r.last_attempt AND r.failed AS failed,
        r.last_attempt AND NOT r.failed AND NOT r.refused AS good, hash(e.wf, r.st) AS sort
    FROM b_run_step AS r JOIN derived.execution AS e USING (eid)
)
SELECT eid, wf, st, start_ns, failed, good::BIGINT AS done,
    CASE WHEN good THEN end_ns END AS done_ns, CASE WHEN good THEN step END AS step
FROM one ANTI JOIN derived.repeated USING (eid, sort)
UNION ALL
SELECT o.eid, o.wf, o.st, min(o.start_ns), bool_or(o.failed), count(*) FILTER (o.good), max(o.end_ns) FILTER (o.good),
    -- By its end, then its id.
    arg_max(o.step, o.end_ns::HUGEINT * 18446744073709551616 + t.span_id) FILTER (o.good)
FROM one AS o SEMI JOIN derived.repeated AS a ON a.eid = o.eid AND a.sort = o.sort
JOIN derived.step AS t ON t.step = o.step
GROUP BY o.eid, o.wf, o.st
