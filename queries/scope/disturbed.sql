-- Identities outside of the part that a span was given to or taken from: they are touched too.
CREATE OR REPLACE TEMP TABLE s_disturbed AS
WITH now AS (
    SELECT k.sid, k.kset FROM derived.span_set AS k JOIN derived.span AS s USING (sid) SEMI JOIN s_trace USING (trace_id)
),
changed AS (
    SELECT o.kset AS was, n.kset AS is_now FROM s_old AS o FULL JOIN now AS n USING (sid) WHERE o.kset IS DISTINCT FROM n.kset
),
touched AS (
    SELECT i.vid FROM s_old_set AS i SEMI JOIN changed AS c ON c.was = i.kset
    UNION SELECT i.vid FROM derived.set_identity AS i SEMI JOIN changed AS c ON c.is_now = i.kset
)
SELECT vid FROM touched WHERE vid NOT IN (SELECT vid FROM s_inside) AND vid NOT IN (SELECT vid FROM s_gone)
