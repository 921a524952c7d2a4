-- The correlation keys by which executions were told apart, most significant first.
SELECT name, aliases, kind FROM keys WHERE chosen ORDER BY rank NULLS LAST, name
