-- How many spans there are, without copies.
SELECT count(*) FROM derived.span
