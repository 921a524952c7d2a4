-- Every span, once. Attributes are JSON objects: attributes->>'order.id'.
CREATE OR REPLACE VIEW spans AS
SELECT
    hex_trace_id(d.trace_id) AS trace_id, hex_span_id(d.span_id) AS span_id,
    CASE WHEN d.parent_span_id IS NOT NULL THEN hex_span_id(d.parent_span_id) END AS parent_span_id,
    d.service, s.name, kind_name(d.kind) AS kind, utc(d.start_ns) AS start_time, utc(d.end_ns) AS end_time,
    d.end_ns - d.start_ns AS duration_ns, ['unset', 'ok', 'error'][d.status + 1] AS status,
    attribute_json(h.keys, h.types, s.vals) AS attributes,
    attribute_json(rh.keys, rh.types, r.vals) AS resource,
    c.name AS scope
FROM derived.span AS d
JOIN store.span AS s ON s.batch_id = d.batch_id AND s.span_no = d.span_no
JOIN store.shape AS h ON h.shape_id = s.shape_id
JOIN store.resource AS r ON r.resource_id = d.resource_id
JOIN store.shape AS rh ON rh.shape_id = r.shape_id
JOIN store.scope AS c ON c.scope_id = d.scope_id
