-- Every span below another one that has no answer yet looks at its parent.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT s.sid, s.psid AS ptr
FROM (SELECT sid, psid FROM derived.span WHERE psid IS NOT NULL) AS s ANTI JOIN b_near AS o ON o.sid = s.sid
