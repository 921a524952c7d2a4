-- What had come by $as_of_ns. Of a live source: the batches received by then, all of them. Of a recorded
-- one, of which nobody knows when it would have come: every batch, and of it what had ended.
CREATE OR REPLACE TEMP TABLE a_batch AS
SELECT b.batch_id, CASE WHEN s.kind = 'recorded' THEN greatest($as_of_ns::BIGINT, 0) ELSE 9223372036854775807 END::UBIGINT AS until_ns
FROM store.batch AS b JOIN store.source AS s USING (source_id)
WHERE b.batch_id <= $upto AND (s.kind = 'recorded' OR b.received_ns <= $as_of_ns)
