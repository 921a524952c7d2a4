-- Pairs of destinations seen joined by parent or link: an exchange on one side, its queue on the other.
CREATE OR REPLACE TABLE derived.destination_pair AS
SELECT DISTINCT p.destination AS published_to, t.destination AS consumed_from
FROM b_join AS j
JOIN b_taker AS t USING (sid)
JOIN b_sent AS p ON p.sid = j.mid
WHERE p.destination IS NOT NULL AND t.destination IS NOT NULL AND p.destination != t.destination
