-- Spans that took messages and have no key of their own or above, where more was taken than one trace tells of: several
-- by one span, by its links (several), or one each by several spans of a trace, as those in which one poll is worked
-- off. One row a span that is linked to, or published the message, and one without where none is stored.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_batch AS
WITH linked AS (FROM derived.link SEMI JOIN b_open USING (sid)),
several AS (
    SELECT sid FROM linked GROUP BY sid HAVING count(DISTINCT (linked_trace_id, linked_span_id)) > 1
),
told AS (
    SELECT sid, linked_sid, min(how) AS how
    FROM (
        SELECT sid, linked_sid, 'link' AS how FROM linked
        UNION ALL
        SELECT sid, mid, 'message' FROM b_join SEMI JOIN b_open USING (sid) WHERE mid >= 0
    ) GROUP BY sid, linked_sid
),
taker AS (
    SELECT t.*, s.trace_id FROM told AS t JOIN derived.span AS s USING (sid) LEFT JOIN derived.span_field AS f USING (sid)
    WHERE s.kind = 5 OR f.operation IN ('receive', 'process')
),
poll AS (
    SELECT trace_id FROM taker WHERE linked_sid IS NOT NULL GROUP BY trace_id HAVING min(sid) != max(sid)
)
SELECT sid, trace_id, linked_sid, how, sid IN (SELECT sid FROM several) AS several, true AS patient
FROM taker
WHERE sid IN (SELECT sid FROM several) OR (linked_sid IS NOT NULL AND trace_id IN (SELECT trace_id FROM poll))
