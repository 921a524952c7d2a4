-- Per execution: which kinds of steps lead to which kinds of asynchronously begun steps, over any
-- number of hand-offs, so that an optional step in between hides nothing.
CREATE OR REPLACE TEMP TABLE b_reach AS
WITH RECURSIVE edge AS MATERIALIZED (
    SELECT eid, from_st, to_st, is_async FROM derived.handoff ANTI JOIN derived.repeated USING (eid) WHERE from_st != to_st
    UNION ALL
    SELECT DISTINCT eid, from_st, to_st, is_async FROM derived.handoff SEMI JOIN derived.repeated USING (eid) WHERE from_st != to_st
),
reach(eid, from_st, to_st) AS (
    SELECT eid, from_st, to_st FROM edge WHERE is_async
    UNION
    SELECT r.eid, e.from_st, r.to_st
    FROM reach AS r JOIN edge AS e ON e.eid = r.eid AND e.to_st = r.from_st
)
SELECT eid, from_st, to_st FROM reach WHERE from_st != to_st
