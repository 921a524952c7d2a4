-- Consumer and producer joined by parent, or by link (today's default). Some write both: that is once.
CREATE OR REPLACE TEMP TABLE b_join AS
SELECT t.sid, p.mid, 'parent' AS how
FROM b_taker AS t JOIN b_producer AS p ON p.sid = t.psid
UNION ALL
SELECT sid, mid, 'link' FROM (
    SELECT DISTINCT t.sid, p.mid
    FROM b_taker AS t JOIN derived.link AS l USING (sid) JOIN b_producer AS p ON p.sid = l.linked_sid
    LEFT JOIN b_producer AS o ON o.sid = t.psid
    WHERE o.mid IS DISTINCT FROM p.mid
)
