-- The identities on each span, hubs left out.
CREATE OR REPLACE TEMP TABLE b_own AS
SELECT sid, vid, rank FROM b_keyed WHERE vid NOT IN (SELECT vid FROM derived.identity WHERE hub)
