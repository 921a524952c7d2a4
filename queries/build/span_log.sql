-- What log records say of each span whose ids they carry, stored or not: when they told of it first and
-- last (no later than they were received), and whether it raised an exception. An exception that was
-- handled is logged below ERROR (OpenTelemetry, exceptions in logs) and is no failure.
-- needs: store.log
CREATE OR REPLACE TABLE derived.span_log AS
WITH exceptional AS (
    SELECT shape_id FROM store.shape
    WHERE list_has_any(keys, ['exception.type', 'exception.message', 'exception.stacktrace'])
),
told AS (
    SELECT l.trace_id, l.span_id, l.resource_id, b.source_id,
        least(CASE WHEN l.time_ns > 0 THEN l.time_ns WHEN l.observed_ns > 0 THEN l.observed_ns END,
            b.received_ns)::BIGINT AS at_ns,
        (l.event_name = 'exception' OR l.shape_id IN (SELECT shape_id FROM exceptional))
            AND (l.severity = 0 OR l.severity >= 17) AS raised
    FROM store.log AS l JOIN store.batch AS b USING (batch_id)
)
SELECT trace_id, span_id, min(at_ns) AS first_ns, max(at_ns) AS last_ns, coalesce(bool_or(raised), false) AS raised,
    min(resource_id) AS resource_id, min(source_id) AS source_id
FROM told GROUP BY trace_id, span_id
