-- Identities outside of the part that a span was given to or taken from: they are touched too. Who shares a
-- span before and after (a batch that one order more turns out to be in) has what it had.
CREATE OR REPLACE TEMP TABLE s_disturbed AS
WITH now AS (
    SELECT k.sid, k.kset FROM derived.span_set AS k JOIN derived.span AS s USING (sid) SEMI JOIN s_trace USING (trace_id)
),
changed AS (
    SELECT DISTINCT o.kset AS was, n.kset AS is_now FROM s_old AS o FULL JOIN now AS n USING (sid) WHERE o.kset IS DISTINCT FROM n.kset
),
before AS (SELECT c.was, c.is_now, i.vid FROM changed AS c JOIN s_old_set AS i ON i.kset = c.was),
after AS (SELECT c.was, c.is_now, i.vid FROM changed AS c JOIN derived.set_identity AS i ON i.kset = c.is_now),
touched AS (
    SELECT coalesce(b.vid, a.vid) AS vid
    FROM before AS b
    FULL JOIN after AS a ON a.vid = b.vid AND a.was IS NOT DISTINCT FROM b.was AND a.is_now IS NOT DISTINCT FROM b.is_now
    WHERE a.vid IS NULL OR b.vid IS NULL
)
SELECT DISTINCT vid FROM touched WHERE vid NOT IN (SELECT vid FROM s_inside) AND vid NOT IN (SELECT vid FROM s_gone)
