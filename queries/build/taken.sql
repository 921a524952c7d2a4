-- Which publications each consumer group took.
CREATE OR REPLACE TEMP TABLE b_taken AS
SELECT DISTINCT m.system, m.destination, r.consumer_group, s.partition, m.published_ns, m.mid
FROM derived.message AS m JOIN derived.reception AS r USING (mid) JOIN derived.span AS s ON s.sid = m.mid
WHERE m.destination IS NOT NULL
