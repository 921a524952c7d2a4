-- The keys that are unique only within another attribute, and how they are spelled.
CREATE OR REPLACE TEMP TABLE b_key_within AS
SELECT rank, per, list_append(aliases, name) AS spellings FROM derived.key WHERE chosen AND len(per) > 0
