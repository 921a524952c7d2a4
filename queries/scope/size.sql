-- About how many spans there are to be read: those known of, and what came since. And the batch before which none of
-- them came: spans lie in the order in which they came, so that of a new part little of the file is looked through.
WITH looked_for AS (
    SELECT trace_id, true AS whole FROM s_read UNION ALL SELECT DISTINCT trace_id, false FROM s_beside
),
known AS (
    SELECT coalesce(sum(t.spans) FILTER (w.whole), 0) AS spans, min(t.first_batch) AS first_batch
    FROM derived.trace AS t JOIN looked_for AS w USING (trace_id)
),
-- A copy that was left out may have come before the one that was kept.
dropped AS (SELECT (min(sid) >> 32)::UBIGINT AS first_batch FROM derived.span_dropped SEMI JOIN looked_for USING (trace_id)),
fresh AS (SELECT coalesce(sum(spans), 0) AS spans FROM store.batch WHERE batch_id > $after AND batch_id <= $upto)
SELECT known.spans + fresh.spans AS spans, least(known.first_batch, dropped.first_batch, $after + 1) AS first_batch
FROM known, dropped, fresh
