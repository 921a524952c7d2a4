CREATE OR REPLACE VIEW links AS
SELECT
    hex_trace_id(l.trace_id) AS trace_id, hex_span_id(l.span_id) AS span_id,
    hex_trace_id(l.linked_trace_id) AS linked_trace_id, hex_span_id(l.linked_span_id) AS linked_span_id,
    attribute_json(h.keys, h.types, l.vals) AS attributes
FROM store.link AS l
JOIN store.shape AS h USING (shape_id)
WHERE l.batch_id <= (SELECT upto FROM derived.analysis)
    AND (l.batch_id::BIGINT << 32) | l.span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
