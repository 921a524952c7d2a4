-- What lower keys stand for that only the context carries: as it was concluded from all of their traces.
INSERT INTO b_final
SELECT i.vid, coalesce(r.target, i.vid)
FROM derived.identity AS i
LEFT JOIN derived.resolution AS r USING (vid)
WHERE NOT i.hub AND i.rank IS NOT NULL
    AND i.vid NOT IN (SELECT vid FROM b_final) AND i.vid NOT IN (SELECT vid FROM s_key)
