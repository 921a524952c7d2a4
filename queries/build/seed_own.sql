-- The first seeds: the highest key that a span carries, as what it resolves to.
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH top AS (SELECT sid, vid FROM b_own QUALIFY rank = min(rank) OVER (PARTITION BY sid)),
reach AS (
    SELECT t.sid, list_sort(list_distinct(list(f.target))) AS vids
    FROM top AS t JOIN b_final AS f USING (vid) GROUP BY t.sid
)
SELECT sid, kset_id(vids) AS kset, 'own' AS reason, sid AS via, vids FROM reach
