-- Where the spans to be read stand.
CREATE OR REPLACE TEMP TABLE s_place AS
SELECT batch_id, span_no FROM store.span SEMI JOIN s_read USING (trace_id) WHERE batch_id <= $upto
UNION ALL
SELECT batch_id, span_no FROM store.span SEMI JOIN s_beside USING (trace_id, span_id) WHERE batch_id <= $upto
