-- The executions whose name ends with $text, or is $text in other letters: for what is nothing surer, for every
-- name there is has to be read.
SELECT execution, 'how its name ends' AS how
FROM derived.execution
WHERE length($text) >= 3 AND (
    ends_with(lower(execution), '-' || lower($text)) OR lower(execution) = lower($text)
    OR ends_with(lower(value), '-' || lower($text)))
ORDER BY execution
LIMIT 1000
