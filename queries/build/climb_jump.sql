-- The others take the answer that came to where they look, or jump twice as far: a chain of n spans takes
-- log2(n) rounds. Where one lands had no answer before this round, or the one jumped over had it: so of all
-- answers only those of this round are looked at.
CREATE OR REPLACE TEMP TABLE b_chain AS
SELECT p.sid, q.ptr, coalesce(q.near, n.near) AS near
FROM (SELECT sid, ptr FROM b_chain WHERE near IS NULL) AS p
JOIN b_chain AS q ON q.sid = p.ptr
LEFT JOIN (SELECT sid, near FROM b_chain WHERE near IS NOT NULL) AS n ON n.sid = q.ptr
