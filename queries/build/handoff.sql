-- Edges between the steps of one execution. how, and the two durations, are the evidence for sync or
-- async (design section 6): durations, never end times, for clocks skew. wf, from_st, to_st, failed: the kind of
-- hand-off, and how its end went, as the workflow graph counts them.
CREATE OR REPLACE TABLE derived.handoff AS
WITH pair AS (
    -- A parent in another step: a call, or a message whose context went along as the parent.
    SELECT t.step AS to_step, t.caller AS from_step,
        CASE WHEN t.kind = 5 OR p.kind = 4 THEN 'message' WHEN p.kind = 3 AND t.kind = 2 THEN 'call' ELSE 'spawn' END AS type,
        CASE WHEN t.kind = 5 OR p.kind = 4 THEN 'parent'
            WHEN t.end_ns - t.start_ns > greatest(p.end_ns - p.start_ns, 0) THEN 'detached' ELSE 'returned' END AS how,
        greatest(p.end_ns - p.start_ns, 0) AS caller_ns, t.end_ns - t.start_ns AS callee_ns,
        t.start_ns - p.start_ns AS wait_ns, t.mid, 1 AS place
    FROM derived.step AS t JOIN derived.span AS p ON p.sid = t.psid
    WHERE t.caller != t.step
    UNION ALL
    SELECT r.step, m.producer_step,
        CASE WHEN r.how = 'correlation' THEN 'correlation' ELSE 'message' END,
        r.how, NULL, NULL, r.start_ns - m.published_ns, m.mid, 2
    FROM derived.reception AS r JOIN derived.message AS m USING (mid)
    WHERE m.mid >= 0 AND r.how != 'parent' AND NOT r.doubled AND m.producer_step != r.step
    UNION ALL
    SELECT a.step, b.step, 'link', 'link', NULL, NULL, s.start_ns - o.end_ns, NULL, 3
    FROM derived.link AS l
    JOIN derived.span_step AS a ON a.sid = l.sid
    JOIN derived.span_step AS b ON b.sid = l.linked_sid
    JOIN derived.span AS s ON s.sid = l.sid
    JOIN derived.span AS o ON o.sid = l.linked_sid
    WHERE a.step != b.step
),
doubtful AS (SELECT from_step, to_step FROM pair GROUP BY from_step, to_step HAVING count(*) > 1),
best AS (
    SELECT * FROM pair ANTI JOIN doubtful USING (from_step, to_step)
    UNION ALL
    SELECT * FROM pair SEMI JOIN doubtful USING (from_step, to_step)
    QUALIFY row_number() OVER (PARTITION BY from_step, to_step ORDER BY place, wait_ns) = 1
),
-- By itself, or the steps of an execution would be paired with each other first: of one with 100,000, all of them.
arrived AS MATERIALIZED (
    SELECT b.*, a.eid, a.wf, a.st AS to_st, a.failed FROM best AS b JOIN derived.execution_step AS a ON a.step = b.to_step
)
SELECT b.eid, b.from_step, b.to_step, b.type, b.type != 'call' AND b.how != 'returned' OR b.how = 'detached' AS is_async,
    b.how, b.caller_ns, b.callee_ns, b.wait_ns, b.mid, b.wf, f.st AS from_st, b.to_st, b.failed
FROM arrived AS b JOIN derived.execution_step AS f ON f.step = b.from_step AND f.eid = b.eid
