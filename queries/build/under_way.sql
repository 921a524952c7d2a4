-- Steps that were on their way when another branch of their execution failed for good: begun by messages that were
-- sent before, and whatever came of them. That the order was shipped does not mend its bill; that its message was
-- taken once more does. Only where nobody waited for what failed: who waits may go on without. A hundred hand-offs
-- further nobody looks.
CREATE OR REPLACE TEMP TABLE b_under_way AS
WITH RECURSIVE broken AS (
    SELECT x.eid, min(t.start_ns) AS failed_ns, list({'mid': t.mid, 'service': t.service}) AS given_up
    FROM derived.execution_step AS x JOIN derived.step AS t USING (step)
    WHERE x.last_attempt AND x.failed AND t.mid IS NOT NULL GROUP BY x.eid
),
edge AS MATERIALIZED (
    SELECT h.eid, h.from_step, h.to_step, h.mid FROM derived.handoff AS h SEMI JOIN broken USING (eid)
),
under_way AS (
    SELECT e.eid, e.to_step AS step, 0 AS depth
    FROM edge AS e
    JOIN broken AS b USING (eid)
    JOIN derived.message AS m ON m.mid = e.mid
    JOIN derived.step AS t ON t.step = e.to_step
    WHERE m.published_ns < b.failed_ns AND NOT t.failed AND NOT list_contains(b.given_up, {'mid': e.mid, 'service': t.service})
    UNION
    SELECT e.eid, e.to_step, u.depth + 1
    FROM under_way AS u JOIN edge AS e ON e.eid = u.eid AND e.from_step = u.step
    WHERE u.depth < 100
)
SELECT DISTINCT eid, step FROM under_way
