-- The values of keys on the new spans.
CREATE OR REPLACE TEMP TABLE s_fresh_key AS
SELECT DISTINCT vid, trace_id FROM b_keyed
