-- The executions whose name ends with $text, or is $text in other letters, or begins with it where it is a UUID or was
-- cut (ord-47…), or is key=value in other letters ($key, $value; else both null): for what is nothing surer, for every
-- name there is has to be read.
SELECT execution, 'how its name ends' AS how
FROM derived.execution
WHERE length($text) >= 3 AND (
    ends_with(lower(execution), '-' || lower($text)) OR lower(execution) = lower($text)
    OR ends_with(lower(value), '-' || lower($text))
    OR (key = $key AND lower(value) = lower($value))
    OR (starts_with(lower(execution), rtrim(lower($text), '…')) AND (ends_with($text, '…')
        OR (regexp_full_match(lower($text), '[0-9a-f]{8}(-[0-9a-f-]*)?')
            AND regexp_full_match(lower(execution), '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')))))
ORDER BY execution
LIMIT 1000
