-- One row a trace: its first root (by start, then id) and when it began.
CREATE OR REPLACE TABLE derived.trace AS
SELECT
    trace_id,
    count(*) AS spans,
    min(start_ns) AS start_ns,
    max(end_ns) AS end_ns,
    arg_min(sid, (psid IS NOT NULL, start_ns, span_id)) AS root_sid,
    arg_min(service, (psid IS NOT NULL, start_ns, span_id)) AS root_service,
    arg_min(name, (psid IS NOT NULL, start_ns, span_id)) AS root_name,
    bool_or(sampled) AS sampled
FROM derived.span
GROUP BY trace_id
