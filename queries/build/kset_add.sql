INSERT INTO b_kset
SELECT DISTINCT kset, unnest(vids) FROM (SELECT DISTINCT kset, vids FROM b_seed)
WHERE kset NOT IN (SELECT kset FROM b_kset)
