-- Every span that has no answer yet looks at its parent, and at the answer that the parent has.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT s.sid, s.psid AS ptr, n.near
FROM (SELECT sid, psid FROM derived.span WHERE psid IS NOT NULL) AS s
ANTI JOIN b_near AS o ON o.sid = s.sid
LEFT JOIN b_near AS n ON n.sid = s.psid
