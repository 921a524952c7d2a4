-- Start of a climb: spans with keys of their own are where it ends.
CREATE OR REPLACE TEMP TABLE b_near AS SELECT DISTINCT sid, sid AS near, 0::UTINYINT AS round FROM b_own
