-- Per execution: which kinds of steps lead to which kinds of asynchronously begun steps, over any
-- number of hand-offs, so that an optional step in between hides nothing. Most executions are alike: found out for
-- one of those with the same hand-offs, which the sum of their hashes tells from others.
CREATE OR REPLACE TEMP TABLE b_reach AS
WITH RECURSIVE way AS MATERIALIZED (
    SELECT eid, sum(hash(from_st, to_st, is_async)::HUGEINT) AS edges
    FROM derived.handoff WHERE from_st != to_st GROUP BY eid
),
edge AS MATERIALIZED (
    SELECT DISTINCT p.edges, h.from_st, h.to_st, h.is_async
    FROM (SELECT edges, min(eid) AS eid FROM way GROUP BY edges) AS p JOIN derived.handoff AS h USING (eid)
    WHERE h.from_st != h.to_st
),
reach(edges, from_st, to_st) AS (
    SELECT edges, from_st, to_st FROM edge WHERE is_async
    UNION
    SELECT r.edges, e.from_st, r.to_st
    FROM reach AS r JOIN edge AS e ON e.edges = r.edges AND e.to_st = r.from_st
)
SELECT p.eid, r.from_st, r.to_st FROM reach AS r JOIN way AS p USING (edges) WHERE r.from_st != r.to_st
