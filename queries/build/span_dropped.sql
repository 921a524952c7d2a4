-- Copies: of several spans with one id the one that ended last is kept, of identical ones any
-- (section 5). sid = batch and position: unique without a sort, and never used to decide anything.
CREATE OR REPLACE TABLE derived.span_dropped AS
WITH again AS (SELECT span_id FROM store.span GROUP BY span_id HAVING count(*) > 1),
-- Span ids alone tell it of nearly all, and are a third of what both are.
twice AS (
    SELECT trace_id, span_id FROM store.span SEMI JOIN again USING (span_id) GROUP BY trace_id, span_id HAVING count(*) > 1
)
SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, trace_id
FROM store.span AS s SEMI JOIN twice USING (trace_id, span_id)
QUALIFY row_number() OVER (
    PARTITION BY trace_id, span_id
    ORDER BY end_ns DESC, status DESC, start_ns, len(vals) DESC, hash(name, kind, vals, parent_span_id)
) > 1
