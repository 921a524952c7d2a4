-- The executions of the messages whose id begins with $text: tables show no more of it. What is so common that it
-- begins the ids of more than twenty executions' messages is no id.
WITH found AS (
    SELECT DISTINCT e.execution
    FROM (SELECT sid FROM derived.span_field WHERE length($text) >= 6 AND starts_with(message_id, $text)) AS d
    JOIN derived.span_step AS t USING (sid)
    JOIN derived.execution_step AS x USING (step)
    JOIN derived.execution AS e USING (eid)
)
SELECT execution, 'how a message id begins' AS how
FROM found WHERE (SELECT count(*) FROM found) <= 20
ORDER BY execution
