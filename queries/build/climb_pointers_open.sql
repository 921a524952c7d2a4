-- The same for the spans without a membership alone.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT s.sid, s.psid AS ptr
FROM (SELECT sid, psid FROM b_open WHERE psid IS NOT NULL) AS s ANTI JOIN b_near AS o ON o.sid = s.sid
