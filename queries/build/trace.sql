-- One row a trace: its first root (by start, then id), when it began, and the first batch that brought something of it.
CREATE OR REPLACE TABLE derived.trace AS
WITH whole AS (
    SELECT trace_id, count(*) AS spans, (min(sid) >> 32)::UBIGINT AS first_batch, min(start_ns) AS start_ns, max(end_ns) AS end_ns
    FROM derived.span GROUP BY trace_id
),
root AS (
    SELECT trace_id, arg_min(sid, start_ns::HUGEINT * 18446744073709551616 + span_id) AS sid
    FROM derived.span WHERE psid IS NULL GROUP BY trace_id
),
-- Of which a tail was thinned out by a sampler: it says so (OpenTelemetry, tracestate, th).
sampled AS (
    SELECT DISTINCT trace_id FROM store.span
    WHERE trace_state IS NOT NULL AND regexp_matches(trace_state, '(^|,)\s*ot=([^,]*;)?th:0*[1-9a-fA-F]')
),
-- All in cycles of parents.
rootless AS (
    SELECT trace_id, arg_min(sid, (start_ns, span_id)) AS sid
    FROM derived.span SEMI JOIN (SELECT trace_id FROM whole ANTI JOIN root USING (trace_id)) USING (trace_id) GROUP BY trace_id
)
SELECT w.trace_id, w.spans, w.first_batch, w.start_ns, w.end_ns, s.sid AS root_sid, s.service AS root_service, s.name AS root_name, k.trace_id IS NOT NULL AS sampled
FROM whole AS w
JOIN (FROM root UNION ALL FROM rootless) AS r USING (trace_id)
JOIN derived.span AS s ON s.sid = r.sid
LEFT JOIN sampled AS k ON k.trace_id = w.trace_id
