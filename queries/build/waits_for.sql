-- Of several missing parents of one trace, which waits for which other one (for_sid): who usually is above it, over any
-- number of calls, and waits for it (caller_type). Who calls each other in turn may be either.
-- needs: b_works_for
CREATE OR REPLACE TEMP TABLE b_waits_for AS
WITH several AS MATERIALIZED (
    SELECT * FROM derived.missing_parent
    WHERE NOT always_missing AND NOT sampled
        AND trace_id IN (SELECT trace_id FROM derived.missing_parent GROUP BY trace_id HAVING count(*) > 1)
),
above AS MATERIALIZED (
    WITH RECURSIVE up(service, name, above_service, above_name, calls) AS (
        SELECT DISTINCT c.service, c.name, c.caller_service, c.caller_name, 1
        FROM derived.caller_type AS c
        JOIN several AS m ON m.caller_service = c.service AND m.caller_name = c.name
        WHERE c.waits
        UNION
        SELECT u.service, u.name, c.caller_service, c.caller_name, u.calls + 1
        FROM up AS u JOIN derived.caller_type AS c ON c.service = u.above_service AND c.name = u.above_name
        WHERE c.waits AND u.calls < 100
    )
    SELECT DISTINCT service, name, above_service, above_name FROM up
)
SELECT DISTINCT a.sid, x.eid, b.sid AS for_sid
FROM several AS a
JOIN b_works_for AS x ON x.sid = a.sid
JOIN several AS b ON b.trace_id = a.trace_id AND b.sid != a.sid
JOIN b_works_for AS y ON y.sid = b.sid AND y.eid = x.eid
JOIN above AS u ON u.service = b.caller_service AND u.name = b.caller_name
    AND u.above_service = a.caller_service AND u.above_name = a.caller_name
WHERE NOT EXISTS (
    SELECT 1 FROM above AS o WHERE o.service = a.caller_service AND o.name = a.caller_name
        AND o.above_service = b.caller_service AND o.above_name = b.caller_name)
