-- What was published to named destinations, with its kind (service and step) and partition. target: the destination,
-- as a number.
CREATE OR REPLACE TEMP TABLE b_published AS
SELECT m.mid, hash(text_hash(m.system), text_hash(m.destination)) AS target, m.system, m.destination, m.published_ns, m.source_id, m.publish_failed,
    s.partition, hash(text_hash(m.producer_service), text_hash(p.name)) AS kind, p.piece, p.failed AND NOT p.last_attempt AS tried_again
FROM derived.message AS m
JOIN b_sent AS s ON s.sid = m.mid
LEFT JOIN derived.step AS p ON p.step = m.producer_step
WHERE m.destination IS NOT NULL
