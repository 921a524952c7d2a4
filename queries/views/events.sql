-- What happened in a span: its own events, and the log records that carry its ids (`source` says which).
-- A log record may come before its span, or without it; of identical copies one is shown.
CREATE OR REPLACE VIEW events AS
SELECT
    hex_trace_id(e.trace_id) AS trace_id, hex_span_id(e.span_id) AS span_id, 'event' AS source, e.name,
    utc(least(e.time_ns, 9223372036854775806)::BIGINT) AS time,
    NULL::VARCHAR AS severity, NULL::VARCHAR AS body,
    attribute_json(h.keys, h.types, e.vals) AS attributes
FROM store.event AS e
JOIN store.shape AS h USING (shape_id)
WHERE e.batch_id <= (SELECT upto FROM derived.analysis)
    AND (e.batch_id::BIGINT << 32) | e.span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
UNION ALL
SELECT
    hex_trace_id(l.trace_id), hex_span_id(l.span_id), 'log', l.event_name,
    utc(least(CASE WHEN l.time_ns > 0 THEN l.time_ns ELSE l.observed_ns END, 9223372036854775806)::BIGINT),
    coalesce(l.severity_text, severity_name(l.severity)), CASE WHEN l.body_type > 0 THEN l.body END,
    attribute_json(h.keys, h.types, l.vals)
FROM (SELECT DISTINCT * EXCLUDE (batch_id, log_no, observed_ns),
        CASE WHEN time_ns = 0 THEN observed_ns ELSE 0 END AS observed_ns FROM store.log) AS l
JOIN store.shape AS h USING (shape_id)
