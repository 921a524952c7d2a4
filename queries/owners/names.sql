-- Everything that has an answer, for hints on names mistyped.
SELECT DISTINCT name FROM derived.owner ORDER BY name LIMIT 20000
