-- What the heard one heard of, and so on: a chain of n traces takes log2(n) jumps.
CREATE OR REPLACE TEMP TABLE b_heard AS
SELECT a.component, b.heard FROM b_heard AS a JOIN b_heard AS b ON b.component = a.heard
