-- Which traces carry which values of keys, hubs too.
CREATE OR REPLACE TABLE derived.key_tie AS SELECT DISTINCT vid, trace_id FROM b_keyed
