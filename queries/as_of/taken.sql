-- Per destination, consumer group and partition of the messages in sight: the newest hundred and one
-- publications not in sight that had been taken, by whomever. As build/newest_taken has them of now.
CREATE OR REPLACE TEMP TABLE a_taken AS
WITH wanted AS (SELECT DISTINCT system, destination FROM derived.message SEMI JOIN s_read USING (trace_id)),
taken AS (
    SELECT DISTINCT m.system, m.destination, r.consumer_group, f.partition, m.published_ns, m.mid
    FROM derived.message AS m
    JOIN wanted AS w ON w.destination = m.destination AND w.system IS NOT DISTINCT FROM m.system
    JOIN derived.reception AS r USING (mid)
    JOIN derived.span AS p ON p.sid = m.mid
    JOIN derived.span_field AS f ON f.sid = m.mid
    JOIN a_batch AS sent ON sent.batch_id = (p.sid >> 32)::UBIGINT AND p.end_ns <= sent.until_ns
    JOIN a_batch AS got ON got.batch_id = (r.sid >> 32)::UBIGINT AND r.end_ns <= got.until_ns
    WHERE m.trace_id NOT IN (SELECT trace_id FROM s_read)
)
SELECT system, destination, consumer_group, partition, max({'published_ns': published_ns, 'mid': mid}, 101) AS newest
FROM taken GROUP BY ALL
