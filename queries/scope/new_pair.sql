-- Destinations seen joined for the first time: others may have waited for that.
SELECT count(*) FROM (
    SELECT DISTINCT p.destination, t.destination AS consumed_from
    FROM b_join AS j JOIN b_taker AS t USING (sid) JOIN b_sent AS p ON p.sid = j.mid
    WHERE p.destination IS NOT NULL AND t.destination IS NOT NULL AND p.destination != t.destination AND j.how IN ('parent', 'link')
) AS n ANTI JOIN derived.destination_pair AS d ON d.published_to = n.destination AND d.consumed_from = n.consumed_from
