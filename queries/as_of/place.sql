-- Where the spans to be read stand that had come.
CREATE OR REPLACE TEMP TABLE s_place AS
SELECT s.batch_id, s.span_no FROM store.span AS s SEMI JOIN s_read USING (trace_id)
JOIN a_batch AS b ON b.batch_id = s.batch_id AND s.end_ns <= b.until_ns
UNION ALL
SELECT s.batch_id, s.span_no FROM store.span AS s SEMI JOIN s_beside USING (trace_id, span_id)
JOIN a_batch AS b ON b.batch_id = s.batch_id AND s.end_ns <= b.until_ns
