-- Edges between the steps of one execution. how, and the two durations, are the evidence for sync or
-- async (design section 6): durations, never end times, for clocks skew. wf, from_st, to_st, failed: the kind of
-- hand-off, and how its end went, as the workflow graph counts them.
CREATE OR REPLACE TABLE derived.handoff AS
WITH called AS (
    -- A parent in another step: a call, or a message whose context went along as the parent.
    SELECT r.eid, r.caller AS from_step, r.step AS to_step,
        CASE WHEN t.kind = 5 OR t.parent_kind = 4 THEN 'message' WHEN t.parent_kind = 3 AND t.kind = 2 THEN 'call' ELSE 'spawn' END AS type,
        CASE WHEN t.kind = 5 OR t.parent_kind = 4 THEN 'parent'
            WHEN t.end_ns - t.start_ns > t.parent_ns THEN 'detached' ELSE 'returned' END AS how,
        t.parent_ns AS caller_ns, t.end_ns - t.start_ns AS callee_ns,
        t.start_ns - t.parent_start_ns AS wait_ns, t.mid, r.caller_st AS from_st, r.st AS to_st, r.failed
    FROM (SELECT * FROM b_run_step WHERE called) AS r
    JOIN derived.step AS t USING (step)
),
told AS (
    SELECT * FROM (
        SELECT r.step AS to_step, m.producer_step AS from_step,
            CASE WHEN r.how = 'correlation' THEN 'correlation' ELSE 'message' END AS type,
            r.how, r.start_ns - m.published_ns AS wait_ns, m.mid, 2 AS place
        FROM derived.reception AS r JOIN derived.message AS m USING (mid)
        WHERE m.mid >= 0 AND r.how NOT IN ('parent', 'link to its receive') AND NOT r.doubled AND m.producer_step != r.step
        UNION ALL
        SELECT step, cause, 'link', 'link', wait_ns, NULL, 3 FROM b_linked
    ) AS t
    -- Who called a step is known by that.
    ANTI JOIN derived.step AS c ON c.step = t.to_step AND c.caller = t.from_step
),
doubtful AS (SELECT from_step, to_step FROM told GROUP BY from_step, to_step HAVING count(*) > 1),
best AS (
    SELECT * FROM told ANTI JOIN doubtful USING (from_step, to_step)
    UNION ALL
    SELECT * FROM told SEMI JOIN doubtful USING (from_step, to_step)
    QUALIFY row_number() OVER (PARTITION BY from_step, to_step ORDER BY place, wait_ns) = 1
),
-- By itself, or the steps of an execution would be paired with each other first: of one with 100,000, all of them.
arrived AS MATERIALIZED (
    SELECT b.*, a.eid, a.st AS to_st, a.failed FROM best AS b JOIN b_run_step AS a ON a.step = b.to_step
),
edge AS (
    SELECT * FROM called
    UNION ALL
    SELECT b.eid, b.from_step, b.to_step, b.type, b.how, NULL, NULL, b.wait_ns, b.mid, f.st, b.to_st, b.failed
    FROM arrived AS b JOIN b_run_step AS f ON f.step = b.from_step AND f.eid = b.eid
)
SELECT e.eid, e.from_step, e.to_step, e.type, e.type != 'call' AND e.how != 'returned' OR e.how = 'detached' AS is_async,
    e.how, e.caller_ns, e.callee_ns, e.wait_ns, e.mid, x.wf, e.from_st, e.to_st, e.failed
FROM edge AS e JOIN derived.execution AS x USING (eid)
