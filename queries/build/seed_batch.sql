-- Batches that need not wait: shared by all they link to, and by all that is under them, for a message whose link
-- was dropped, or whose producer told nothing, was in it too (section 5.4); what took one message is of what is under it,
-- else of that message. Before their trace is asked: the one order that has a span of its own is not all that was taken.
-- needs: b_batch
CREATE OR REPLACE TEMP TABLE b_seed AS
WITH RECURSIVE ready AS MATERIALIZED (
    SELECT sid, trace_id, linked_sid, how, several
    FROM b_batch SEMI JOIN b_open USING (sid) WHERE sid NOT IN (SELECT sid FROM b_waiting)
),
region AS MATERIALIZED (
    SELECT sid, psid FROM b_open WHERE trace_id IN (SELECT trace_id FROM ready)
),
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
told AS (
    SELECT r.sid, m.kset, r.how, r.linked_sid AS via, (s.start_ns, s.span_id) AS place
    FROM ready AS r JOIN derived.span_set AS m ON m.sid = r.linked_sid JOIN derived.span AS s ON s.sid = r.linked_sid
    WHERE r.several OR r.sid NOT IN (SELECT sid FROM up)
    UNION ALL
    SELECT sid, kset, NULL, via, place FROM up WHERE sid IN (SELECT sid FROM ready)
)
SELECT t.sid, kset_id(list_sort(list(DISTINCT k.vid))) AS kset,
    coalesce(min(t.how), 'descendants') AS reason,
    arg_min(t.via, (t.how IS NULL, t.how, t.place)) AS via, list_sort(list(DISTINCT k.vid)) AS vids
FROM told AS t JOIN b_kset AS k USING (kset)
GROUP BY t.sid
