-- Keys of rank $rank resolve to the higher keys beside them: one, or up to 100 that share its spans.
INSERT INTO b_final
WITH reach AS (
    SELECT b.low AS vid, f.target
    FROM b_beside AS b JOIN b_final AS f ON f.vid = b.high
    WHERE b.low_rank = $rank AND NOT b.is_child AND b.low NOT IN (SELECT vid FROM b_child)
    GROUP BY ALL
),
few AS (SELECT vid FROM reach GROUP BY vid HAVING count(*) <= 100)
SELECT i.vid, coalesce(r.target, i.vid)
FROM derived.identity AS i
LEFT JOIN (SELECT * FROM reach SEMI JOIN few USING (vid)) AS r USING (vid)
WHERE i.rank = $rank AND NOT i.hub AND i.vid NOT IN (SELECT vid FROM b_final)
