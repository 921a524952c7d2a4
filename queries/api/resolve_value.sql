-- The executions that have a span of which some attribute is $text, or which was called at a path with
-- $text as one of its segments (/orders/4711/lines): for ids that no key stands for. What is on more than
-- twenty executions is no id.
WITH carrier AS MATERIALIZED (
    SELECT trace_id, span_id, list_contains(vals, $text) AS is_value
    FROM (SELECT * FROM store.span WHERE length($text) >= 2 AND (contains(packed, $text) OR contains(name, '/' || $text)))
    WHERE list_contains(vals, $text)
        OR (length($text) >= 3
            AND list_contains(regexp_split_to_array(concat_ws('/', name, array_to_string(vals, '/')), '[/?#&= ]'), $text))
),
surest AS (SELECT bool_or(is_value) AS is_value FROM carrier),
found AS (
    SELECT DISTINCT e.execution
    FROM (SELECT c.trace_id, c.span_id FROM carrier AS c JOIN surest USING (is_value)) AS c
    JOIN derived.span AS d ON d.trace_id = c.trace_id AND d.span_id = c.span_id
    JOIN derived.span_step AS t USING (sid)
    JOIN derived.execution_step AS x USING (step)
    JOIN derived.execution AS e USING (eid)
)
SELECT execution, 'a value on its spans' AS how
FROM found WHERE (SELECT count(*) FROM found) <= 20
ORDER BY execution
