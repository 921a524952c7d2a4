-- Start of the climb to a step: what begins one.
CREATE OR REPLACE TEMP TABLE b_near AS
SELECT sid, sid AS near, 0::UTINYINT AS round FROM derived.span WHERE is_entry
UNION ALL
SELECT sid, sid, 0 FROM b_starter
