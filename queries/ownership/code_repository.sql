-- Which repository each service says it is from, the most trusted attribute first.
SELECT r.service, r.namespace, r.vals[p.i] AS repository
FROM store.resource AS r
JOIN store.shape AS h USING (shape_id),
    LATERAL (SELECT unnest(h.keys) AS key, generate_subscripts(h.keys, 1) AS i) AS p
WHERE list_contains($repository_attributes::VARCHAR[], p.key) AND trim(r.vals[p.i]) != ''
GROUP BY ALL
ORDER BY
    r.service, r.namespace, min(list_position($repository_attributes::VARCHAR[], p.key)), count(*) DESC,
    repository
