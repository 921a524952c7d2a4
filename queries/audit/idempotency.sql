-- Attributes that look like idempotency keys, by the step they were seen in.
WITH named AS (
    SELECT shape_id, list_filter(keys, lambda k: regexp_matches(lower(k), 'idempoten|dedup')) AS names
    FROM store.shape
)
SELECT e.workflow, t.service, t.name, list_sort(list_distinct(flatten(list(n.names)))) AS keys,
    count(DISTINCT x.eid) AS executions
FROM store.span AS s
JOIN named AS n ON n.shape_id = s.shape_id AND len(n.names) > 0
JOIN derived.span_step AS p ON p.sid = (s.batch_id::BIGINT << 32) | s.span_no::BIGINT
JOIN derived.step AS t ON t.step = p.step
JOIN derived.execution_step AS x ON x.step = t.step
JOIN derived.execution AS e ON e.eid = x.eid
WHERE e.workflow IS NOT NULL AND ($workflow IS NULL OR e.workflow = $workflow)
GROUP BY e.workflow, t.service, t.name
ORDER BY e.workflow, t.service, t.name
