-- The same for the spans within steps: every root begins one.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT s.sid, s.psid AS ptr
FROM (SELECT sid, psid FROM derived.span WHERE NOT is_entry) AS s ANTI JOIN b_starter AS o ON o.sid = s.sid
