-- The ids of the spans kept: what parents and links are looked up in.
CREATE OR REPLACE TEMP TABLE b_index AS
SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, trace_id, span_id, parent_span_id
FROM store.span
WHERE (batch_id::BIGINT << 32) | span_no::BIGINT NOT IN (SELECT sid FROM b_dropped)
