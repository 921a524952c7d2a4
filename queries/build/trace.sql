-- One row a trace: its first root (by start, then id) and when it began.
CREATE OR REPLACE TABLE derived.trace AS
WITH whole AS (
    SELECT
        trace_id,
        count(*) AS spans,
        min(start_ns) AS start_ns,
        max(end_ns) AS end_ns,
        arg_min(sid, (psid IS NOT NULL, start_ns, span_id)) AS root_sid,
        bool_or(sampled) AS sampled
    FROM derived.span
    GROUP BY trace_id
)
SELECT w.trace_id, w.spans, w.start_ns, w.end_ns, w.root_sid, s.service AS root_service, s.name AS root_name, w.sampled
FROM whole AS w JOIN derived.span AS s ON s.sid = w.root_sid
