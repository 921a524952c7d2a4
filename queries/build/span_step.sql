-- The step of every span; spans in a cycle of parents stand for themselves.
CREATE OR REPLACE TABLE derived.span_step AS
SELECT s.sid, coalesce(n.near, s.sid) AS step
FROM derived.span AS s LEFT JOIN b_near AS n USING (sid)
