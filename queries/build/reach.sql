-- Per execution: which kinds of steps lead to which kinds of asynchronously begun steps, over any
-- number of hand-offs, so that an optional step in between hides nothing.
CREATE OR REPLACE TEMP TABLE b_reach AS
WITH RECURSIVE edge AS MATERIALIZED (
    SELECT DISTINCT h.eid, a.st AS from_st, b.st AS to_st, h.is_async
    FROM derived.handoff AS h
    JOIN derived.execution_step AS a ON a.eid = h.eid AND a.step = h.from_step
    JOIN derived.execution_step AS b ON b.eid = h.eid AND b.step = h.to_step
    WHERE a.st != b.st
),
reach(eid, from_st, to_st) AS (
    SELECT eid, from_st, to_st FROM edge WHERE is_async
    UNION
    SELECT r.eid, e.from_st, r.to_st
    FROM reach AS r JOIN edge AS e ON e.eid = r.eid AND e.to_st = r.from_st
)
SELECT eid, from_st, to_st FROM reach WHERE from_st != to_st
