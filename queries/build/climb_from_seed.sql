-- Start of a climb: this round's seeds are where it ends.
CREATE OR REPLACE TEMP TABLE b_near AS SELECT sid, sid AS near, 0::UTINYINT AS round FROM b_seed
