-- What lower keys stand for.
CREATE OR REPLACE TABLE derived.resolution AS
SELECT f.vid, f.target FROM b_final AS f JOIN derived.identity AS i USING (vid)
WHERE i.rank > (SELECT min(rank) FROM derived.key WHERE chosen)
