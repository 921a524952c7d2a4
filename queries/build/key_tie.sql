-- Which traces carry which values of keys, hubs too.
CREATE OR REPLACE TABLE derived.key_tie AS
SELECT DISTINCT i.vid, k.trace_id
FROM b_keyed AS k JOIN derived.identity AS i ON i.rank = k.rank AND i.value = k.value
