-- What resource attributes say of each service's owner and system.
CREATE OR REPLACE TABLE derived.service_attribute AS
WITH place AS (
    SELECT r.resource_id, r.service, r.namespace, p.key, r.vals[p.i] AS value
    FROM store.resource AS r
    JOIN store.shape AS h USING (shape_id),
        LATERAL (SELECT unnest(h.keys) AS key, generate_subscripts(h.keys, 1) AS i) AS p
    WHERE len(list_filter($owner_attributes::VARCHAR[], lambda a: p.key GLOB a)) > 0
)
SELECT p.service, p.namespace, p.key, p.value, sum(u.spans)::BIGINT AS spans
FROM place AS p JOIN derived.resource_use AS u USING (resource_id)
GROUP BY ALL
