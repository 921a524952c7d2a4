-- Names that look like $text, for "did you mean".
SELECT execution
FROM derived.execution
WHERE length($text) <= 200
ORDER BY greatest(
    jaro_winkler_similarity(lower(execution[:200]), lower($text)),
    jaro_winkler_similarity(lower(coalesce(value, '')[:200]), lower($text))
) DESC, end_ns DESC, execution
LIMIT 3
