-- The step of every span; spans in a cycle of parents, which no climb led to an entry, stand for themselves.
CREATE OR REPLACE TABLE derived.span_step AS
SELECT sid, near AS step FROM b_near
UNION ALL
SELECT sid, sid FROM b_pointer
