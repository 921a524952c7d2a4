-- One row a span: of several copies the one that ended last; identical copies are one (section 5).
-- sid = batch and position: unique without a sort, and never used to decide anything.
CREATE OR REPLACE TEMP TABLE b_index AS
WITH twice AS (
    SELECT trace_id, span_id FROM store.span GROUP BY trace_id, span_id HAVING count(*) > 1
),
chosen AS (
    SELECT s.batch_id, s.span_no
    FROM store.span AS s SEMI JOIN twice USING (trace_id, span_id)
    QUALIFY row_number() OVER (
        PARTITION BY trace_id, span_id
        ORDER BY end_ns DESC, status DESC, start_ns, len(vals) DESC, hash(name, kind, vals, parent_span_id)
    ) = 1
),
kept AS (
    SELECT batch_id, span_no, trace_id, span_id, parent_span_id FROM store.span ANTI JOIN twice USING (trace_id, span_id)
    UNION ALL
    SELECT batch_id, span_no, trace_id, span_id, parent_span_id FROM store.span SEMI JOIN chosen USING (batch_id, span_no)
)
SELECT (batch_id::BIGINT << 32) | span_no::BIGINT AS sid, trace_id, span_id, parent_span_id FROM kept
