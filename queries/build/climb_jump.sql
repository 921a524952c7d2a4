-- The others jump twice as far: a chain of n spans takes log2(n) rounds.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT p.sid, q.ptr
FROM b_pointer AS p JOIN b_pointer AS q ON q.sid = p.ptr
WHERE p.sid NOT IN (SELECT sid FROM b_near)
