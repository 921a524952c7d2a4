-- A process span inside a receive of the same service takes the receive's message when that is one
-- message and the process names none.
INSERT INTO b_join
WITH single AS (SELECT sid, min(mid) AS mid FROM b_join GROUP BY sid HAVING count(DISTINCT mid) = 1)
SELECT t.sid, p.mid, 'inside the receive' AS how
FROM b_taker AS t
JOIN b_taker AS o ON o.sid = t.psid AND o.service = t.service
JOIN single AS p ON p.sid = o.sid
WHERE t.sid NOT IN (SELECT sid FROM b_join)
