-- How many keys are unique only within another attribute.
SELECT count(*) FROM b_key_within
