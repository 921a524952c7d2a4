CREATE OR REPLACE VIEW events AS
SELECT
    hex_trace_id(e.trace_id) AS trace_id, hex_span_id(e.span_id) AS span_id, e.name,
    utc(least(e.time_ns, 9223372036854775807)::BIGINT) AS time,
    attribute_json(h.keys, h.types, e.vals) AS attributes
FROM store.event AS e
SEMI JOIN derived.span AS d ON d.batch_id = e.batch_id AND d.span_no = e.span_no
JOIN store.shape AS h USING (shape_id)
