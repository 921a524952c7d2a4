-- Steps: one row an entry span. The step of a shared entry (a batch) is shared by its executions.
-- attempt counts tries at one piece of work: one more after each failure of the one before; for an
-- engine's activity, whose failures may be unseen, one more each time.
CREATE OR REPLACE TABLE derived.step AS
WITH size AS (SELECT step, count(*) AS spans FROM derived.span_step GROUP BY step),
message AS (SELECT sid, min(mid) AS mid FROM b_join GROUP BY sid HAVING count(DISTINCT mid) = 1),
entry AS (
    SELECT s.sid AS step, s.trace_id, s.span_id, s.parent_span_id, s.psid, c.step AS caller,
        s.service, s.namespace, s.instance, s.name, s.kind, s.operation, s.destination, s.activity,
        s.start_ns, greatest(s.end_ns, s.start_ns) AS end_ns,
        s.failed OR s.sid IN (SELECT sid FROM derived.reception WHERE failed) AS failed, s.source_id, ks.kset, z.spans, m.mid
    FROM derived.span AS s
    JOIN size AS z ON z.step = s.sid
    LEFT JOIN derived.span_step AS c ON c.sid = s.psid
    JOIN derived.span_set AS ks ON ks.sid = s.sid
    LEFT JOIN message AS m ON m.sid = s.sid
),
tried AS (
    SELECT *, sum((NOT failed AND activity IS NULL)::INTEGER) OVER (
        PARTITION BY kset, caller, service, name, kind, activity, mid
        ORDER BY start_ns, span_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS done_before
    FROM entry
)
SELECT * EXCLUDE (done_before), row_number() OVER (
    PARTITION BY kset, caller, service, name, kind, activity, mid, coalesce(done_before, 0)
    ORDER BY start_ns, span_id)::INTEGER AS attempt
FROM tried
