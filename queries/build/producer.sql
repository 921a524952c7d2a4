-- Which message each publication is of: a nested identical PRODUCER (doubled instrumentation) is the outer one's, and so is
-- the call by which it was sent. A send that links to creates carries messages and is none.
CREATE OR REPLACE TEMP TABLE b_producer AS
WITH carries AS (
    SELECT DISTINCT l.sid
    FROM derived.link AS l JOIN b_sent AS t ON t.sid = l.linked_sid
    WHERE t.operation = 'create'
)
SELECT s.sid, coalesce(o.sid, p.sid, s.sid) AS mid
FROM b_sent AS s
LEFT JOIN b_sent AS p
    ON p.sid = s.psid AND p.service = s.service
    AND (s.sends OR p.kind = 4 AND s.kind = 4 AND p.name = s.name
        AND p.destination IS NOT DISTINCT FROM s.destination AND p.address IS NOT DISTINCT FROM s.address)
LEFT JOIN b_sent AS o
    ON o.sid = p.psid AND p.kind = 4 AND o.kind = 4 AND o.service = p.service AND o.name = p.name
    AND o.destination IS NOT DISTINCT FROM p.destination AND o.address IS NOT DISTINCT FROM p.address
WHERE s.sid NOT IN (SELECT sid FROM carries)
