-- What follows a step that succeeded, sooner or later, by asynchronous hand-off: how often and after
-- how long. Expected: the lower 95% bound is at least 0.8, from at least 30 samples (design section
-- 8). A step is a sample for a successor once it is older than that successor's deadline or its
-- execution has matured, whether or not the successor came: younger ones would tell only of the quick.
-- Where fewer than 30 are as old as that (a person approves after days), those do that are older than the
-- successor's p99: nearly all that were to go on have.
-- Samples begin with the first that went on: before, the successor may not have existed. And where
-- more than 5% end here, again and again between others that go on, ending here is usual (branches); not so where they
-- went another way.
-- That somebody asks how it stands is expected of nobody (b_look).
CREATE OR REPLACE TABLE derived.model_next AS
WITH standing AS (SELECT m.eid, m.matured, e.horizon_ns FROM b_matured AS m JOIN derived.execution AS e USING (eid)),
begun AS (
    SELECT k.eid, k.wf, k.st, k.done_ns, x.matured, x.horizon_ns FROM b_kind AS k JOIN standing AS x USING (eid) WHERE k.done > 0
),
went AS MATERIALIZED (
    SELECT r.eid, a.wf, r.from_st, r.to_st, greatest(b.start_ns - a.done_ns, 0) AS wait_ns, a.done_ns, a.matured, a.horizon_ns
    FROM b_reach AS r
    JOIN begun AS a ON a.eid = r.eid AND a.st = r.from_st
    JOIN b_kind AS b ON b.eid = r.eid AND b.st = r.to_st
),
wait AS (
    SELECT wf, from_st, to_st, count(*) AS waits, quantile_disc(wait_ns, 0.99) AS p99_ns,
        min(done_ns) AS first_ns
    FROM went GROUP BY wf, from_st, to_st
    HAVING count(*) > 0  -- Always; but then DuckDB takes it for the small side of joins, which it is.
),
-- Each that went on is one of those that could.
known AS NOT MATERIALIZED (
    SELECT k.eid, k.wf, k.st AS from_st, w.to_st, k.done_ns, false AS went,
        k.matured OR (w.waits >= 30 AND k.horizon_ns - k.done_ns > learned_deadline(w.p99_ns)) AS settled
    FROM begun AS k JOIN wait AS w ON w.wf = k.wf AND w.from_st = k.st
    WHERE k.done_ns >= w.first_ns AND (k.matured OR (w.waits >= 30 AND k.horizon_ns - k.done_ns > w.p99_ns))
    UNION ALL
    SELECT k.eid, k.wf, k.from_st, k.to_st, k.done_ns, true,
        k.matured OR (w.waits >= 30 AND k.horizon_ns - k.done_ns > learned_deadline(w.p99_ns))
    FROM went AS k JOIN wait AS w USING (wf, from_st, to_st)
    WHERE k.matured OR (w.waits >= 30 AND k.horizon_ns - k.done_ns > w.p99_ns)
),
counted AS (
    SELECT wf, from_st, to_st,
        count(*) FILTER (NOT went) AS executions, count(*) FILTER (went) AS followed,
        count(*) FILTER (NOT went AND settled) AS settled, count(*) FILTER (went AND settled) AS settled_followed
    FROM known GROUP BY wf, from_st, to_st
),
often AS (
    SELECT wf, from_st, to_st, settled >= 30 AS enough,
        CASE WHEN enough THEN settled ELSE executions END AS executions,
        CASE WHEN enough THEN settled_followed ELSE followed END AS followed
    FROM counted
),
looked AS (SELECT DISTINCT wf, st FROM derived.execution_step SEMI JOIN b_look USING (step)),
-- What would be expected, but that a share of executions is without it.
doubted AS MATERIALIZED (
    SELECT wf, from_st, to_st, enough FROM often
    WHERE executions >= 30 AND wilson_lower(followed, executions) >= 0.8 AND executions - followed > greatest(4, 0.05 * executions)
),
-- Those that went another way, as what is cancelled does: by what those that take it seldom follow up with this.
other_way AS (
    SELECT d.wf, d.from_st, d.to_st, w.to_st AS other, w.eid, g.eid IS NOT NULL AS went
    FROM doubted AS d
    JOIN went AS w ON w.wf = d.wf AND w.from_st = d.from_st AND w.to_st != d.to_st
    LEFT JOIN went AS g ON g.eid = w.eid AND g.wf = d.wf AND g.from_st = d.from_st AND g.to_st = d.to_st
),
turned AS (
    SELECT wf, from_st, to_st, unnest(list(eid)) AS eid
    FROM other_way GROUP BY wf, from_st, to_st, other HAVING count(*) FILTER (went) < 0.5 * count(*)
),
ends_here AS (
    SELECT wf, from_st, to_st
    FROM (
        SELECT wf, from_st, to_st, NOT went
            AND lag(went) OVER (PARTITION BY wf, from_st, to_st ORDER BY done_ns, eid) AS begins
        FROM (
            SELECT k.wf, k.from_st, k.to_st, k.eid, k.done_ns, bool_or(k.went) AS went
            FROM known AS k JOIN doubted AS o ON o.wf = k.wf AND o.from_st = k.from_st AND o.to_st = k.to_st
                AND (k.settled OR NOT o.enough)
            GROUP BY k.wf, k.from_st, k.to_st, k.eid, k.done_ns
        ) ANTI JOIN turned USING (wf, from_st, to_st, eid)
    )
    GROUP BY wf, from_st, to_st HAVING count(*) FILTER (begins) >= 3
)
SELECT o.wf, o.from_st, o.to_st, o.followed, o.executions,
    o.executions >= 30 AND wilson_lower(o.followed, o.executions) >= 0.8 AND x.wf IS NULL AND k.wf IS NULL AS expected,
    w.p99_ns, w.first_ns,
    CASE WHEN w.waits >= 30 THEN learned_deadline(w.p99_ns) ELSE $deadline_handoff_ns END AS deadline_ns,
    CASE WHEN w.waits >= 30 THEN printf('learned: 10 x p99 of %d', w.waits) ELSE 'default' END AS deadline_source
FROM often AS o
JOIN wait AS w USING (wf, from_st, to_st)
LEFT JOIN ends_here AS x USING (wf, from_st, to_st)
LEFT JOIN looked AS k ON k.wf = o.wf AND k.st = o.to_st
