SELECT count(*) FROM derived.span
