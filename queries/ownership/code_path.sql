-- Which source files each service names: in its resource, or in its spans.
WITH place AS (
    SELECT h.shape_id, p.i
    FROM store.shape AS h, LATERAL (
        SELECT unnest(h.keys) AS key, generate_subscripts(h.keys, 1) AS i
    ) AS p
    WHERE list_contains($path_attributes::VARCHAR[], p.key)
),
named AS (
    SELECT r.service, r.namespace, r.vals[p.i] AS path
    FROM store.resource AS r JOIN place AS p USING (shape_id)
    UNION ALL
    SELECT r.service, r.namespace, s.vals[p.i]
    FROM store.span AS s
    JOIN place AS p ON p.shape_id = s.shape_id
    JOIN store.resource AS r ON r.resource_id = s.resource_id
)
SELECT service, namespace, path, count(*) AS spans
FROM named WHERE trim(path) != ''
GROUP BY ALL
ORDER BY ALL
