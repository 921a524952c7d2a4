-- Spans that took several messages, by their links, and have no key of their own or above: one row a linked span
-- that is stored, and one without where none is.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_batch AS
WITH several AS (
    SELECT l.sid FROM derived.link AS l SEMI JOIN b_open USING (sid)
    GROUP BY l.sid HAVING count(DISTINCT (l.linked_trace_id, l.linked_span_id)) > 1
)
SELECT s.sid, s.trace_id, l.linked_sid, true AS patient
FROM several AS m
JOIN derived.span AS s USING (sid)
LEFT JOIN (SELECT DISTINCT sid, linked_sid FROM derived.link WHERE linked_sid IS NOT NULL) AS l USING (sid)
WHERE s.kind = 5 OR s.operation IN ('receive', 'process')
