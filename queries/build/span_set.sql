-- Which set of identities each span belongs to, with the reason and the span that gave it; equal sets are equal
-- numbers. Filled in the rounds that follow.
CREATE OR REPLACE TABLE derived.span_set (sid BIGINT, kset BIGINT, reason VARCHAR, via BIGINT)
