-- A process span inside a receive of the same service takes the receive's message when that is one
-- message and the process names none. What settles by a link to what received settles what that received: all of it.
-- needs: b_taker, b_join
INSERT INTO b_join
WITH nested AS MATERIALIZED (
    SELECT t.sid, o.sid AS receive
    FROM (SELECT * FROM b_taker ANTI JOIN b_join USING (sid)) AS t
    JOIN b_taker AS o ON o.sid = t.psid AND o.service = t.service
),
single AS (
    SELECT sid, min(mid) AS mid FROM b_join WHERE sid IN (SELECT receive FROM nested)
    GROUP BY sid HAVING count(DISTINCT mid) = 1
)
-- Who is both is told of once.
SELECT sid, mid, min(how) AS how FROM (
    SELECT n.sid, s.mid, 'inside the receive' AS how FROM nested AS n JOIN single AS s ON s.sid = n.receive
    UNION ALL
    SELECT t.sid, j.mid, 'link to its receive'
    FROM (SELECT sid, service FROM b_taker WHERE operation IN ('settle', 'reject')) AS t
    ANTI JOIN b_join AS n ON n.sid = t.sid
    JOIN derived.link AS l ON l.sid = t.sid
    JOIN b_taker AS o ON o.sid = l.linked_sid AND o.service = t.service
    JOIN b_join AS j ON j.sid = o.sid
) GROUP BY sid, mid
