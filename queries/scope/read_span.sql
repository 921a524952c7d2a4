-- By trace, in one go: to find first where the spans stand costs as much again. None came before the first batch.
CREATE TABLE store.span AS
SELECT s.* EXCLUDE (packed)
FROM store.span AS s
JOIN (
    SELECT trace_id, NULL::UBIGINT AS span_id FROM s_read
    UNION ALL SELECT trace_id, span_id FROM s_beside
) AS w USING (trace_id)
WHERE s.batch_id BETWEEN $first_batch AND $upto AND (w.span_id IS NULL OR w.span_id = s.span_id)
