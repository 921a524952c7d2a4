-- The executions that have a span with the attribute $key set to $value. What is text in JSON as it is stored is looked
-- for in the packed values first, before any of them are taken apart.
WITH place AS (
    SELECT shape_id, list_position(keys, $key) AS i, types[list_position(keys, $key)] AS type
    FROM store.shape WHERE list_contains(keys, $key)
),
carrier AS MATERIALIZED (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid
    FROM store.span AS s JOIN place AS p USING (shape_id)
    WHERE CASE WHEN p.type IN (1, 2, 3, 7) THEN contains(s.packed, $value) AND s.vals[p.i] = $value
        ELSE json_extract_string(attribute_json([$key], [p.type], [s.vals[p.i]]), $key) = $value END
)
SELECT e.execution, 'an attribute of its spans' AS how
FROM carrier AS c
JOIN derived.span_step AS t USING (sid)
JOIN derived.execution_step AS x USING (step)
JOIN derived.execution AS e USING (eid)
GROUP BY e.execution
ORDER BY e.execution
LIMIT 1000
