-- The executions that are called so: by their correlation key, of which $key may be any name; and if
-- there are none, those with a span, event, link or log record that has the attribute.
WITH named AS (
    SELECT e.execution FROM derived.execution AS e
    LEFT JOIN keys AS k ON k.name = e.key
    WHERE e.value IN (SELECT unnest($values::VARCHAR[])) AND (e.key = $key OR list_contains(k.aliases, $key))
),
place AS (
    SELECT shape_id, list_position(keys, $key) AS i FROM store.shape WHERE list_contains(keys, $key)
),
told AS (
    SELECT trace_id, span_id, shape_id, vals FROM store.span
    UNION ALL SELECT trace_id, span_id, shape_id, vals FROM store.event
    UNION ALL SELECT trace_id, span_id, shape_id, vals FROM store.link
    UNION ALL SELECT trace_id, span_id, shape_id, vals FROM store.log
),
attributed AS (
    SELECT DISTINCT e.execution
    FROM told AS s
    JOIN place AS p USING (shape_id)
    JOIN derived.span AS d ON d.trace_id = s.trace_id AND d.span_id = s.span_id
    JOIN derived.span_step AS t USING (sid)
    JOIN derived.execution_step AS x USING (step)
    JOIN derived.execution AS e USING (eid)
    WHERE s.vals[p.i] IN (SELECT unnest($values::VARCHAR[]))
)
SELECT execution FROM named
UNION
SELECT execution FROM attributed WHERE NOT EXISTS (FROM named)
ORDER BY execution
