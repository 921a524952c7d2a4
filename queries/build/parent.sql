-- The parent's sid of every span that has a parent in the store, and is not its own; copies left out.
CREATE OR REPLACE TEMP TABLE b_parent_of AS
WITH kept AS NOT MATERIALIZED (
    SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, trace_id, span_id, parent_span_id
    FROM store.span
    WHERE (batch_id::BIGINT << 32) | span_no::BIGINT NOT IN (SELECT sid FROM derived.span_dropped)
)
SELECT s.sid, p.sid AS psid
FROM kept AS s JOIN kept AS p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.sid != s.sid
WHERE s.parent_span_id IS NOT NULL
