-- The log records that go with the spans in victim: theirs, all of a trace of which no span stays, and
-- those received before $cutoff_ns of traces that have none.
CREATE OR REPLACE TEMP TABLE victim_log AS
WITH staying AS (
    SELECT DISTINCT trace_id FROM store.span ANTI JOIN victim USING (batch_id, span_no)
)
SELECT l.batch_id, l.log_no
FROM store.log AS l JOIN store.batch AS b USING (batch_id)
WHERE (l.trace_id, l.span_id) IN (SELECT (trace_id, span_id) FROM victim)
    OR (l.trace_id NOT IN (SELECT trace_id FROM staying)
        AND (b.received_ns < $cutoff_ns OR l.trace_id IN (SELECT trace_id FROM victim)))
