-- Steps: one row an entry span. The step of a shared entry (a batch) is shared by its executions. Steps of
-- one piece are tries at one piece of work: same caller, service, name, kind and message.
CREATE OR REPLACE TABLE derived.step AS
WITH size AS (SELECT step, count(*) AS spans FROM derived.span_step GROUP BY step),
message AS (SELECT sid, min(mid) AS mid FROM b_join GROUP BY sid HAVING count(DISTINCT mid) = 1),
refused AS (SELECT DISTINCT sid FROM derived.reception WHERE failed)
SELECT s.sid AS step, s.trace_id, s.span_id, s.parent_span_id, s.psid, c.step AS caller,
    s.service, s.namespace, s.instance, s.name, s.kind, s.operation, s.destination, s.activity,
    s.start_ns, greatest(s.end_ns, s.start_ns) AS end_ns, s.failed OR r.sid IS NOT NULL AS failed, s.refused,
    s.source_id, ks.kset, z.spans, m.mid,
    hash(ks.kset, c.step, s.service, s.name, s.kind, s.activity, m.mid) AS piece,
    1::INTEGER AS attempt, true AS last_attempt
FROM derived.span AS s
JOIN size AS z ON z.step = s.sid
LEFT JOIN derived.span_step AS c ON c.sid = s.psid
JOIN derived.span_set AS ks ON ks.sid = s.sid
LEFT JOIN message AS m ON m.sid = s.sid
LEFT JOIN refused AS r ON r.sid = s.sid
