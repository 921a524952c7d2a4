-- The values of keys on the new spans.
CREATE OR REPLACE TEMP TABLE s_fresh_key AS
SELECT DISTINCT (hash(name, value) >> 1)::BIGINT AS vid, trace_id FROM b_keyed
