-- In traces that do not agree: spans whose descendants all agree, and CONSUMER spans whose
-- descendants do not, which are shared by them (a batch without links).
-- needs: b_open, b_agreement
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH RECURSIVE region AS MATERIALIZED (
    SELECT s.sid, s.psid, s.kind
    FROM (SELECT sid FROM b_open AS o JOIN b_agreement AS a USING (trace_id) WHERE NOT a.agreed)
    JOIN derived.span AS s USING (sid)
),
-- The few children of such spans, before they meet the memberships of all.
child AS MATERIALIZED (
    SELECT sid, psid, start_ns, span_id FROM derived.span WHERE psid IN (SELECT sid FROM region)
),
up(sid, kset, via, place) AS (
    SELECT c.psid, m.kset, arg_min(c.sid, (c.start_ns, c.span_id)), min((c.start_ns, c.span_id))
    FROM derived.span_set AS m JOIN child AS c USING (sid)
    GROUP BY c.psid, m.kset
    UNION
    SELECT p.sid, u.kset, u.via, u.place
    FROM up AS u JOIN region AS r ON r.sid = u.sid JOIN region AS p ON p.sid = r.psid
),
below AS (
    SELECT u.sid, any_value(r.kind) AS kind, min(u.kset) AS kset, count(DISTINCT u.kset) AS sets, arg_min(u.via, u.place) AS via
    FROM up AS u JOIN region AS r USING (sid) GROUP BY u.sid
),
shared AS (
    SELECT u.sid, list_sort(list(DISTINCT k.vid)) AS vids
    FROM up AS u JOIN b_kset AS k USING (kset)
    WHERE u.sid IN (SELECT sid FROM below WHERE sets > 1 AND kind = 5)
    GROUP BY u.sid
)
SELECT b.sid, b.kset, 'descendants' AS reason, b.via,
    (SELECT list(vid) FROM b_kset AS k WHERE k.kset = b.kset) AS vids
FROM below AS b WHERE b.sets = 1
UNION ALL
SELECT s.sid, kset_id(s.vids), 'descendants', s.sid, s.vids FROM shared AS s
