-- Names that look like $text, for "did you mean".
SELECT execution
FROM executions
WHERE length($text) <= 200
ORDER BY greatest(
    jaro_winkler_similarity(lower(execution[:200]), lower($text)),
    jaro_winkler_similarity(lower(coalesce(correlation.value, '')[:200]), lower($text))
) DESC, last_seen DESC, execution
LIMIT 3
