CREATE OR REPLACE TABLE derived.set_identity AS
SELECT kset, vid FROM b_kset
UNION
SELECT DISTINCT kset, kset AS vid FROM derived.span_set WHERE kset > 0 AND kset NOT IN (SELECT kset FROM b_kset)
