SELECT count(*) FROM derived.variant
