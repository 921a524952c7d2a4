-- Receives that began before anything they took was sent: they asked, and waited. What they took they had when the first
-- span below them began, or when they ended (start_ns).
-- needs: b_taker, b_join
CREATE OR REPLACE TEMP TABLE b_polled AS
WITH poll AS MATERIALIZED (
    SELECT t.sid, any_value(t.start_ns) AS began_ns, any_value(greatest(t.end_ns, t.start_ns)) AS end_ns
    FROM (SELECT sid, start_ns, end_ns FROM b_taker WHERE operation = 'receive') AS t
    JOIN b_join AS j USING (sid)
    JOIN b_sent AS p ON p.sid = j.mid
    GROUP BY t.sid HAVING any_value(t.start_ns) < min(p.start_ns)
)
SELECT p.sid, greatest(any_value(p.began_ns), least(any_value(p.end_ns), min(c.start_ns))) AS start_ns
FROM poll AS p LEFT JOIN derived.span AS c ON c.psid = p.sid
GROUP BY p.sid
