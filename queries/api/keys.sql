-- Correlation keys: the chosen ones first, then the candidates as ranked.
SELECT *
FROM keys
ORDER BY chosen DESC, rank NULLS LAST, name
