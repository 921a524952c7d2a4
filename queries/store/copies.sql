-- How many of the spans in some batches had come before: in the others, or twice in these. Their ids
-- alone tell it of nearly all (as in build/span_dropped), and only the few that are left are looked at whole.
WITH ours AS (SELECT span_id FROM store.packed_span WHERE batch_id IN (SELECT unnest($batches::UBIGINT[]))),
again AS MATERIALIZED (
    SELECT span_id FROM store.packed_span SEMI JOIN ours USING (span_id) GROUP BY span_id HAVING count(*) > 1
),
copy AS (
    SELECT trace_id, span_id, batch_id IN (SELECT unnest($batches::UBIGINT[])) AS is_ours
    FROM store.packed_span SEMI JOIN again USING (span_id)
),
told AS (
    SELECT count(*) FILTER (is_ours) AS ours, bool_and(is_ours) AS is_new FROM copy GROUP BY trace_id, span_id
)
SELECT coalesce(sum(ours) - count(*) FILTER (is_new), 0)::BIGINT AS copies FROM told
