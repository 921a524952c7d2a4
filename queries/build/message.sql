-- Messages: what was published, and what was consumed of unseen producers (mid < 0).
CREATE OR REPLACE TABLE derived.message AS
WITH taken AS (
    SELECT j.mid, min(t.system) AS system, min(t.destination) AS destination, min(t.address) AS address, min(t.message_id) AS message_id
    FROM b_join AS j JOIN b_taker AS t USING (sid) WHERE j.mid < 0 GROUP BY j.mid
),
-- Numbers first: of all spans few publish.
sent AS MATERIALIZED (
    SELECT p.mid, st.step, ks.kset
    FROM (SELECT DISTINCT mid FROM b_producer) AS p
    JOIN derived.span_step AS st ON st.sid = p.mid
    JOIN derived.span_set AS ks ON ks.sid = p.mid
)
SELECT p.mid, s.system, s.destination, s.address, s.message_id, s.service AS producer_service,
    r.namespace AS producer_namespace,
    s.trace_id, s.span_id, s.start_ns AS published_ns, s.failed AS publish_failed, p.step AS producer_step,
    p.kset, s.source_id
FROM sent AS p JOIN b_sent AS s ON s.sid = p.mid
JOIN store.resource AS r USING (resource_id)
UNION ALL
SELECT mid, system, destination, address, message_id, NULL, NULL, NULL, NULL, NULL, false, NULL, NULL, NULL FROM taken
