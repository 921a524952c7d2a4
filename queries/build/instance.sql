-- When each instance was last heard of.
CREATE OR REPLACE TABLE derived.instance AS
SELECT service, instance, max(last_ns) AS last_ns
FROM (
    SELECT r.service, r.instance, f.last_ns[1] AS last_ns FROM b_fresh AS f JOIN store.resource AS r USING (resource_id)
    UNION ALL SELECT service, instance, last_ns FROM derived.instance
)
GROUP BY service, instance
