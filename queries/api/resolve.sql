-- Which executions a person may mean by $text, by the surest way of reading it.
-- $key and $value are the two sides of a "key=value"; both null otherwise.
WITH meant AS (
    -- Later runs, too, of what is so called: whoever asks for ord-7 means what is under way now.
    SELECT r.execution, 1 AS rank, 'its name' AS how
    FROM derived.execution AS n JOIN derived.execution AS r ON r.vid = n.vid AND (r.run = n.run OR n.run = 1)
    WHERE n.execution = $text
    UNION ALL
    SELECT execution, 2, 'its correlation key' FROM derived.execution
    WHERE key = $key AND value = $value
    UNION ALL
    SELECT execution, 3, 'its correlation value' FROM derived.execution WHERE value = $text
    UNION ALL
    -- An order's number, whosever tenant's it is. How a value ends is seen before it is taken apart.
    SELECT execution, 3, 'its correlation value, within another' FROM derived.execution
    WHERE key IN (SELECT name FROM derived.key WHERE chosen AND len(per) > 0)
        AND ((ends_with(value, '/' || $text) AND split_part(value, '/', 1) || '/' || $text = value)
            OR (key = $key AND ends_with(value, '/' || $value) AND split_part(value, '/', 1) || '/' || $value = value))
    UNION ALL
    SELECT execution, 4, 'a finding' FROM findings
    WHERE length($text) >= 4 AND starts_with(id, lower($text)) AND execution IS NOT NULL
),
surest AS (SELECT min(rank) AS rank FROM meant)
SELECT execution, any_value(how) AS how
FROM meant JOIN surest USING (rank)
GROUP BY execution
ORDER BY execution
LIMIT 1000
