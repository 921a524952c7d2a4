-- One number for everything that the analysis reads: it changes when any of it does. $given: what people
-- decided, and the program (store/given).
SELECT hash($given, b.part, m.part)
FROM (SELECT hash(max(batch_id), sum(spans + logs)) AS part FROM store.batch) AS b,
    (SELECT hash(list(m ORDER BY fingerprint)) AS part FROM store.mute AS m) AS m
