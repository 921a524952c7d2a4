-- Names that look like $text, for "did you mean". What a key=value has behind its sign is what names differ by: a key
-- that is written otherwise than on the spans finds the value all the same. What is not much alike is no help.
WITH meant AS (
    SELECT lower($text) AS given, CASE WHEN contains($text, '=') THEN lower(split_part($text, '=', 2)) END AS value
),
near AS (
    SELECT execution, end_ns, greatest(
        jaro_winkler_similarity(lower(execution[:200]), given),
        jaro_winkler_similarity(lower(coalesce(d.value, '')[:200]), coalesce(m.value, given))
    ) AS alike
    FROM derived.execution AS d, meant AS m
    WHERE length($text) BETWEEN 1 AND 200
)
SELECT execution FROM near
WHERE alike >= 0.85
ORDER BY alike DESC, end_ns DESC, execution
LIMIT 3
