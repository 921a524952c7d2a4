-- Edges between the steps of one execution, with the evidence for sync or async (design section 6).
CREATE OR REPLACE TABLE derived.handoff AS
WITH pair AS (
    -- A parent in another step: a call, or a message whose context went along as the parent.
    SELECT t.step AS to_step, t.caller AS from_step,
        CASE WHEN t.kind = 5 OR p.kind = 4 THEN 'message' WHEN p.kind = 3 AND t.kind = 2 THEN 'call' ELSE 'spawn' END AS type,
        CASE
            WHEN t.kind = 5 THEN 'CONSUMER child of a PRODUCER or its trace'
            WHEN p.kind = 4 THEN 'child of a PRODUCER'
            WHEN t.end_ns - t.start_ns > greatest(p.end_ns - p.start_ns, 0) THEN printf(
                'lasted %.1f ms, longer than the %.1f ms of its caller: detached',
                (t.end_ns - t.start_ns) / 1e6, greatest(p.end_ns - p.start_ns, 0) / 1e6)
            ELSE printf('the call of %.1f ms returned', (p.end_ns - p.start_ns) / 1e6)
        END AS evidence,
        t.kind = 5 OR p.kind = 4 OR t.end_ns - t.start_ns > greatest(p.end_ns - p.start_ns, 0) AS is_async,
        t.start_ns - p.start_ns AS wait_ns, t.mid, 1 AS place
    FROM derived.step AS t JOIN derived.span AS p ON p.sid = t.psid
    UNION ALL
    SELECT r.step, m.producer_step,
        CASE WHEN r.how = 'correlation' THEN 'correlation' ELSE 'message' END,
        'message joined by ' || r.how, true, r.start_ns - m.published_ns, m.mid, 2
    FROM derived.reception AS r JOIN derived.message AS m USING (mid)
    WHERE m.mid >= 0 AND r.how != 'parent' AND NOT r.doubled
    UNION ALL
    SELECT a.step, b.step, 'link', 'span link', true, s.start_ns - o.end_ns, NULL, 3
    FROM derived.link AS l
    JOIN derived.span_step AS a ON a.sid = l.sid
    JOIN derived.span_step AS b ON b.sid = l.linked_sid
    JOIN derived.span AS s ON s.sid = l.sid
    JOIN derived.span AS o ON o.sid = l.linked_sid
),
best AS (
    SELECT * FROM pair WHERE from_step IS NOT NULL AND from_step != to_step
    QUALIFY row_number() OVER (PARTITION BY from_step, to_step ORDER BY place, wait_ns) = 1
)
SELECT a.eid, b.from_step, b.to_step, b.type, b.is_async, b.evidence, b.wait_ns, b.mid
FROM best AS b
JOIN derived.execution_step AS a ON a.step = b.to_step
JOIN derived.execution_step AS f ON f.step = b.from_step AND f.eid = a.eid
