-- Every span that was analysed, once. Attributes are JSON objects: attributes->>'order.id'.
-- Read from what was received, without the few copies, so that millions are joined with nothing but what repeats.
CREATE OR REPLACE VIEW spans AS
SELECT
    hex_trace_id(s.trace_id) AS trace_id, hex_span_id(s.span_id) AS span_id,
    CASE WHEN s.parent_span_id IS NOT NULL THEN hex_span_id(s.parent_span_id) END AS parent_span_id,
    r.service, s.name, kind_name(s.kind) AS kind, utc(s.start_ns) AS start_time, utc(s.end_ns) AS end_time,
    least(s.end_ns, 9223372036854775806)::BIGINT - least(s.start_ns, 9223372036854775806)::BIGINT AS duration_ns,
    ['unset', 'ok', 'error'][s.status + 1] AS status,
    attribute_json(h.keys, h.types, s.vals) AS attributes,
    attribute_json(rh.keys, rh.types, r.vals) AS resource,
    c.name AS scope
FROM store.span AS s
JOIN store.shape AS h ON h.shape_id = s.shape_id
JOIN store.resource AS r ON r.resource_id = s.resource_id
JOIN store.shape AS rh ON rh.shape_id = r.shape_id
JOIN store.scope AS c ON c.scope_id = s.scope_id
WHERE s.batch_id <= (SELECT upto FROM derived.analysis)
    AND (s.batch_id::BIGINT << 32) | s.span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
