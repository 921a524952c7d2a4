-- What follows a step that succeeded, by asynchronous hand-off: how often and after how long.
-- Expected: the lower 95% bound is at least 0.8, from at least 30 samples (design section 8).
CREATE OR REPLACE TABLE derived.model_next AS
WITH done AS (
    SELECT DISTINCT s.eid, s.wf, s.st
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step) JOIN b_matured AS m USING (eid)
    WHERE m.matured AND s.last_attempt AND NOT t.failed
),
base AS (SELECT wf, st, count(*) AS executions FROM done GROUP BY ALL),
went AS (
    SELECT DISTINCT a.eid, a.wf, a.st AS from_st, b.st AS to_st
    FROM derived.handoff AS h
    JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
    JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
    JOIN done AS d ON d.eid = a.eid AND d.st = a.st
    WHERE h.is_async AND a.st != b.st
),
often AS (SELECT wf, from_st, to_st, count(*) AS followed FROM went GROUP BY ALL),
wait AS (
    SELECT a.wf, a.st AS from_st, b.st AS to_st, count(*) AS waits,
        quantile_disc(greatest(y.start_ns - x.end_ns, 0), 0.99) AS p99_ns
    FROM derived.handoff AS h
    JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
    JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
    JOIN derived.step AS x ON x.step = h.from_step
    JOIN derived.step AS y ON y.step = h.to_step
    WHERE h.is_async GROUP BY ALL
)
SELECT o.wf, o.from_st, o.to_st, o.followed, b.executions,
    b.executions >= 30 AND wilson_lower(o.followed, b.executions) >= 0.8 AS expected,
    w.p99_ns,
    CASE WHEN w.waits >= 30 THEN greatest(10 * w.p99_ns, 1000000000) ELSE $deadline_handoff_ns END AS deadline_ns,
    CASE WHEN w.waits >= 30 THEN printf('learned: 10 x p99 of %d', w.waits) ELSE 'default' END AS deadline_source
FROM often AS o JOIN base AS b ON b.wf = o.wf AND b.st = o.from_st
JOIN wait AS w ON w.wf = o.wf AND w.from_st = o.from_st AND w.to_st = o.to_st
