-- Steps: one row an entry span. The step of a shared entry (a batch) is shared by its executions. Steps of
-- one piece are tries at one piece of work: same service, name, kind, message and queue, of what took none the same
-- caller. A receive takes as long as the work nested in it, which may go on after it returned, and fails with it.
CREATE OR REPLACE TABLE derived.step AS
WITH size AS (SELECT step, count(*) AS spans FROM derived.span_step GROUP BY step),
nested AS (
    SELECT t.step, s.sid, greatest(s.end_ns, s.start_ns) AS end_ns
    FROM derived.span_step AS t JOIN derived.span AS s USING (sid) WHERE s.kind = 5 AND s.sid != t.step
),
work AS (SELECT step, max(end_ns) AS end_ns FROM nested GROUP BY step),
-- Numbers first: the wide rows of spans are heavy to carry through large joins.
place AS MATERIALIZED (
    SELECT z.step, z.spans, k.kset, c.step AS caller
    FROM size AS z
    JOIN derived.span AS s ON s.sid = z.step
    JOIN derived.span_set AS k ON k.sid = z.step
    LEFT JOIN derived.span_step AS c ON c.sid = s.psid
),
field AS (
    SELECT sid, operation, destination, address, activity, refused FROM derived.span_field WHERE sid IN (SELECT step FROM size)
),
message AS (
    SELECT t.step, min(j.mid) AS mid, min(coalesce(p.piece, j.mid)) AS piece
    FROM b_join AS j JOIN derived.span_step AS t USING (sid) LEFT JOIN b_put_off AS p USING (mid)
    WHERE j.sid = t.step OR j.sid IN (SELECT sid FROM nested)
    GROUP BY t.step HAVING min(j.mid) = max(j.mid)
),
refused AS (
    SELECT DISTINCT sid AS step FROM derived.reception WHERE failed
    UNION
    -- The last try at a message within the step.
    SELECT step FROM (
        SELECT r.step, arg_max(r.failed, (r.end_ns, r.span_id)) AS failed
        FROM derived.reception AS r SEMI JOIN nested USING (sid) WHERE r.operation = 'process' AND NOT r.doubled
        GROUP BY r.step, r.mid
    ) WHERE failed
)
SELECT s.sid AS step, s.trace_id, s.span_id, s.parent_span_id, s.psid, z.caller,
    s.parent_kind, s.parent_start_ns, s.parent_ns, s.service, u.namespace, s.name, s.kind, f.operation, f.destination, f.activity,
    coalesce(o.start_ns, s.start_ns) AS start_ns, greatest(s.end_ns, s.start_ns, coalesce(w.end_ns, 0)) AS end_ns, s.failed OR r.step IS NOT NULL AS failed, coalesce(f.refused, false) AS refused,
    s.source_id, z.kset, z.spans, m.mid,
    hash(z.kset, CASE WHEN s.kind != 5 OR m.mid IS NULL THEN z.caller END, text_hash(s.service), text_hash(s.name), s.kind, text_hash(f.activity), m.piece, text_hash(f.address)) AS piece,
    1::INTEGER AS attempt, true AS last_attempt
FROM derived.span AS s
JOIN place AS z ON z.step = s.sid
JOIN store.resource AS u ON u.resource_id = s.resource_id
LEFT JOIN field AS f ON f.sid = s.sid
LEFT JOIN work AS w ON w.step = s.sid
LEFT JOIN b_polled AS o ON o.sid = s.sid
LEFT JOIN message AS m ON m.step = s.sid
LEFT JOIN refused AS r ON r.step = s.sid
