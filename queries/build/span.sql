-- Spans with their parents and step names; what their attributes tell is in span_field. is_entry: a step begins with it: a
-- root, a SERVER, a CONSUMER that is not nested in one of the same service, or a child of another service's span (design
-- section 6). failed: status ERROR, or an exception as an event or a log record (design section 6). Of the parent what later
-- statements ask of it: to join all spans with their parents costs two seconds a time, of ten million.
-- Of its resource only the service: each column of text costs an analysis a hundredth of its time.
CREATE OR REPLACE TABLE derived.span AS
WITH raised AS (SELECT DISTINCT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid FROM store.event WHERE name = 'exception'),
-- home: the service, as a number.
sender AS (SELECT resource_id, service, min(resource_id) OVER (PARTITION BY service, namespace) AS home FROM store.resource),
-- A call that sends is a PRODUCER.
kept AS NOT MATERIALIZED (
    SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, batch_id, trace_id, span_id, parent_span_id, resource_id, name,
        CASE WHEN (batch_id::BIGINT << 32) | span_no::BIGINT IN (SELECT sid FROM b_aws_call WHERE sends) THEN 4 ELSE kind END::UTINYINT AS kind,
        clock(start_ns) AS start_ns, clock(end_ns) AS end_ns, status
    FROM store.span
    WHERE (batch_id::BIGINT << 32) | span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
),
parent AS (
    SELECT k.sid, k.trace_id, k.span_id, k.kind, k.start_ns, greatest(k.end_ns - k.start_ns, 0) AS took_ns, r.home
    FROM kept AS k JOIN sender AS r USING (resource_id)
),
told AS (SELECT sid, step_name, gave_up FROM derived.span_field WHERE gave_up OR step_name IS NOT NULL)
SELECT
    s.sid, p.sid AS psid, p.kind AS parent_kind, p.start_ns AS parent_start_ns, p.took_ns AS parent_ns,
    p.sid IS NULL OR s.kind = 2 OR (s.kind = 5 AND p.kind != 5) OR r.home != p.home AS is_entry,
    r.service, b.source_id, s.trace_id, s.span_id, s.parent_span_id, s.resource_id,
    coalesce(f.step_name, n.step_name) AS name, s.kind, s.start_ns, s.end_ns,
    s.status = 2 OR coalesce(f.gave_up, false) OR e.sid IS NOT NULL OR g.raised IS NOT NULL AS failed
FROM kept AS s
-- One that is its own parent has none.
LEFT JOIN parent AS p ON p.trace_id = s.trace_id AND p.span_id = nullif(s.parent_span_id, s.span_id)
JOIN sender AS r ON r.resource_id = s.resource_id
JOIN store.batch AS b USING (batch_id)
JOIN b_name AS n ON n.name = s.name
LEFT JOIN told AS f ON f.sid = s.sid
LEFT JOIN raised AS e ON e.sid = s.sid
LEFT JOIN derived.span_log AS g ON g.trace_id = s.trace_id AND g.span_id = s.span_id AND g.raised
