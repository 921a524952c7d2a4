-- Links from one step to another. Nearly all are a consumer's to its producer, which its reception tells: those are
-- left out.
CREATE OR REPLACE TEMP TABLE b_linked AS
WITH told AS (SELECT sid, mid FROM derived.reception WHERE mid >= 0 AND how != 'parent' AND NOT doubled),
untold AS MATERIALIZED (
    SELECT l.sid, l.linked_sid
    FROM (SELECT * FROM derived.link WHERE linked_sid IS NOT NULL) AS l
    ANTI JOIN told AS t ON t.sid = l.sid AND t.mid = l.linked_sid
)
SELECT a.step, b.step AS cause, s.start_ns - o.end_ns AS wait_ns
FROM untold AS l
JOIN derived.span_step AS a ON a.sid = l.sid
JOIN derived.span_step AS b ON b.sid = l.linked_sid
JOIN derived.span AS s ON s.sid = l.sid
JOIN derived.span AS o ON o.sid = l.linked_sid
WHERE a.step != b.step
