-- How much is stored, and when the oldest batch came in that no analysis has read ($built_ns: when
-- the last one began; 0: none has).
SELECT
    (SELECT count(*) FROM store.span) AS spans,
    (SELECT count(*) FROM store.link) AS links,
    (SELECT count(*) FROM store.event) AS events,
    (SELECT count(*) FROM store.log) AS logs,
    (SELECT count(*) FROM store.batch) AS batches,
    (SELECT min(received_ns) FROM store.batch WHERE received_ns > $built_ns) AS unread_ns
