-- What each identity stands for in the end; the highest keys stand for themselves.
CREATE OR REPLACE TEMP TABLE b_final AS
SELECT vid, vid AS target FROM derived.identity
WHERE NOT hub AND rank = (SELECT min(rank) FROM derived.key WHERE chosen)
