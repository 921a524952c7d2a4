-- The correlation keys by which executions were told apart, most significant first.
SELECT name || coalesce(' per ' || per[1], '') AS name, aliases, kind FROM keys WHERE chosen ORDER BY rank NULLS LAST, keys.name
