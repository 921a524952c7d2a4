-- What was published to named destinations, with its kind (service and step) and partition. target: the destination,
-- as a number. due_ns: since when it is there to be taken.
CREATE OR REPLACE TEMP TABLE b_published AS
SELECT m.mid, hash(text_hash(m.system), text_hash(m.destination)) AS target, m.system, m.destination, m.published_ns, m.source_id, m.publish_failed,
    greatest(m.published_ns, s.due_ns, o.due_ns) AS due_ns, coalesce(o.put_off AND s.due_ns IS NULL AND o.due_ns IS NULL, false) AS put_off,
    s.partition, hash(text_hash(m.producer_service), text_hash(p.name)) AS kind, p.piece, p.failed AND NOT p.last_attempt AS tried_again
FROM derived.message AS m
JOIN b_sent AS s ON s.sid = m.mid
LEFT JOIN b_put_off AS o USING (mid)
LEFT JOIN derived.step AS p ON p.step = m.producer_step
WHERE m.destination IS NOT NULL
