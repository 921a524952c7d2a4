-- The first seeds: the highest key that a span carries, as what it resolves to. The reason names the key
-- where it is a lower one that stands for another.
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH top AS (SELECT sid, vid FROM b_own QUALIFY rank = min(rank) OVER (PARTITION BY sid)),
reach AS (
    SELECT t.sid, list_sort(list_distinct(list(f.target))) AS vids, min(t.vid) FILTER (f.target != t.vid) AS low
    FROM top AS t JOIN b_final AS f USING (vid) GROUP BY t.sid
)
SELECT r.sid, kset_id(r.vids) AS kset, CASE WHEN r.low IS NULL THEN 'own' ELSE 'own ' || i.key END AS reason, r.sid AS via, r.vids
FROM reach AS r LEFT JOIN derived.identity AS i ON i.vid = r.low
