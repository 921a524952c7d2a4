-- The first seeds: the highest key that a span carries, as what it resolves to. The reason names the key
-- where it is a lower one that stands for another.
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH several AS (
    SELECT sid FROM b_own GROUP BY sid HAVING count(*) > 1
    UNION
    SELECT sid FROM b_own WHERE vid IN (SELECT vid FROM b_final GROUP BY vid HAVING count(*) > 1)
),
-- Most spans carry one value, which stands for one execution.
top AS (
    SELECT sid, vid FROM b_own SEMI JOIN several USING (sid) QUALIFY rank = min(rank) OVER (PARTITION BY sid)
),
reach AS (
    SELECT o.sid, [f.target] AS vids, CASE WHEN f.target != o.vid THEN o.vid END AS low
    FROM b_own AS o ANTI JOIN several USING (sid) JOIN b_final AS f USING (vid)
    UNION ALL
    SELECT t.sid, list_sort(list_distinct(list(f.target))), min(t.vid) FILTER (f.target != t.vid)
    FROM top AS t JOIN b_final AS f USING (vid) GROUP BY t.sid
)
SELECT r.sid, kset_id(r.vids) AS kset, CASE WHEN r.low IS NULL THEN 'own' ELSE 'own ' || i.key END AS reason, r.sid AS via, r.vids
FROM reach AS r LEFT JOIN derived.identity AS i ON i.vid = r.low
