-- Where in the file the rows stand that are to go: a row group holds 122,880 rows at most.
CREATE OR REPLACE TEMP TABLE victim_place AS
WITH place AS (
    SELECT 'span' AS part, rowid // 122880 AS bucket FROM store.packed_span
    WHERE (batch_id, span_no) IN (SELECT (batch_id, span_no) FROM victim)
    UNION ALL
    SELECT 'event', rowid // 122880 FROM store.event
    WHERE (batch_id, span_no) IN (SELECT (batch_id, span_no) FROM victim)
    UNION ALL
    SELECT 'link', rowid // 122880 FROM store.link
    WHERE (batch_id, span_no) IN (SELECT (batch_id, span_no) FROM victim)
        OR (batch_id, span_no, position) IN (SELECT (batch_id, span_no, position) FROM victim_link)
    UNION ALL
    SELECT 'log', rowid // 122880 FROM store.log
    WHERE (batch_id, log_no) IN (SELECT (batch_id, log_no) FROM victim_log)
)
SELECT DISTINCT part, bucket + w.d AS bucket FROM place, (VALUES (-1), (0), (1)) AS w(d)
