-- What follows a step that succeeded, sooner or later, by asynchronous hand-off: how often and after
-- how long. Expected: the lower 95% bound is at least 0.8, from at least 30 samples (design section
-- 8). A step is a sample for a successor once it is older than that successor's deadline or its
-- execution has matured, whether or not the successor came: younger ones would tell only of the quick.
-- Where fewer than 30 are as old as that (a person approves after days), those do that are older than the
-- successor's p99: nearly all that were to go on have.
-- Samples begin with the first that went on: before, the successor may not have existed. And where
-- more than 5% end here, again and again between others that go on, ending here is usual (branches).
CREATE OR REPLACE TABLE derived.model_next AS
WITH begun AS (
    SELECT s.eid, s.wf, s.st, min(t.start_ns) AS start_ns,
        max(t.end_ns) FILTER (s.last_attempt AND NOT t.failed AND NOT t.refused) AS done_ns
    FROM derived.execution_step AS s JOIN derived.step AS t USING (step)
    GROUP BY s.eid, s.wf, s.st
),
went AS (
    SELECT r.eid, a.wf, r.from_st, r.to_st, greatest(b.start_ns - a.done_ns, 0) AS wait_ns, a.done_ns
    FROM b_reach AS r
    JOIN begun AS a ON a.eid = r.eid AND a.st = r.from_st
    JOIN begun AS b ON b.eid = r.eid AND b.st = r.to_st
    WHERE a.done_ns IS NOT NULL
),
wait AS (
    SELECT wf, from_st, to_st, count(*) AS waits, quantile_disc(wait_ns, 0.99) AS p99_ns,
        min(done_ns) AS first_ns
    FROM went GROUP BY wf, from_st, to_st
),
known AS (
    SELECT d.eid, d.wf, d.st AS from_st, w.to_st, d.done_ns,
        m.matured OR (w.waits >= 30 AND e.horizon_ns - d.done_ns > learned_deadline(w.p99_ns)) AS settled
    FROM begun AS d
    JOIN wait AS w ON w.wf = d.wf AND w.from_st = d.st
    JOIN b_matured AS m ON m.eid = d.eid
    JOIN derived.execution AS e ON e.eid = d.eid
    WHERE d.done_ns >= w.first_ns
        AND (m.matured OR (w.waits >= 30 AND e.horizon_ns - d.done_ns > w.p99_ns))
),
enough AS (SELECT wf, from_st, to_st FROM known WHERE settled GROUP BY wf, from_st, to_st HAVING count(*) >= 30),
sample AS (
    SELECT k.* FROM known AS k LEFT JOIN enough AS n USING (wf, from_st, to_st)
    WHERE k.settled OR n.wf IS NULL
),
often AS (
    SELECT s.wf, s.from_st, s.to_st, count(*) AS executions, count(g.eid) AS followed
    FROM sample AS s
    LEFT JOIN went AS g ON g.eid = s.eid AND g.from_st = s.from_st AND g.to_st = s.to_st
    GROUP BY s.wf, s.from_st, s.to_st
),
ends_here AS (
    SELECT wf, from_st, to_st
    FROM (
        SELECT s.wf, s.from_st, s.to_st, g.eid IS NULL
            AND lag(g.eid) OVER (PARTITION BY s.wf, s.from_st, s.to_st ORDER BY s.done_ns, s.eid) IS NOT NULL AS begins
        FROM sample AS s
        JOIN often AS o ON o.wf = s.wf AND o.from_st = s.from_st AND o.to_st = s.to_st
            AND o.executions - o.followed > greatest(4, 0.05 * o.executions)
        LEFT JOIN went AS g ON g.eid = s.eid AND g.from_st = s.from_st AND g.to_st = s.to_st
    )
    GROUP BY wf, from_st, to_st HAVING count(*) FILTER (begins) >= 3
)
SELECT o.wf, o.from_st, o.to_st, o.followed, o.executions,
    o.executions >= 30 AND wilson_lower(o.followed, o.executions) >= 0.8 AND x.wf IS NULL AS expected,
    w.p99_ns, w.first_ns,
    CASE WHEN w.waits >= 30 THEN learned_deadline(w.p99_ns) ELSE $deadline_handoff_ns END AS deadline_ns,
    CASE WHEN w.waits >= 30 THEN printf('learned: 10 x p99 of %d', w.waits) ELSE 'default' END AS deadline_source
FROM often AS o
JOIN wait AS w USING (wf, from_st, to_st)
LEFT JOIN ends_here AS x USING (wf, from_st, to_st)
