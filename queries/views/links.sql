CREATE OR REPLACE VIEW links AS
SELECT
    hex_trace_id(l.trace_id) AS trace_id, hex_span_id(l.span_id) AS span_id,
    hex_trace_id(l.linked_trace_id) AS linked_trace_id, hex_span_id(l.linked_span_id) AS linked_span_id,
    attribute_json(h.keys, h.types, l.vals) AS attributes
FROM store.link AS l
SEMI JOIN derived.span AS d ON d.batch_id = l.batch_id AND d.span_no = l.span_no
JOIN store.shape AS h USING (shape_id)
