-- All key ranks below the highest, in order.
SELECT DISTINCT rank FROM derived.identity
WHERE rank > (SELECT min(rank) FROM derived.key WHERE chosen) ORDER BY rank
