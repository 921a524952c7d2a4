-- How the last analysis stands to what is stored now: what was decided then, up to which batch it read and
-- whether all of that is still there, how much is new; and since when its reference tables stand.
SELECT a.given, a.upto,
    (SELECT coalesce(sum(b.spans), 0) FROM store.batch AS b WHERE b.batch_id <= a.upto) = a.received AS intact,
    a.received, (SELECT coalesce(sum(b.spans), 0) FROM store.batch AS b WHERE b.batch_id > a.upto)::BIGINT AS fresh,
    a.learned_ns, a.learning_ns, a.learned_spans, a.due
FROM derived.analysis AS a
