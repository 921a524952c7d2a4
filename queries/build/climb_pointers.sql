-- Every span that has no answer yet points at its parent.
CREATE OR REPLACE TEMP TABLE b_pointer AS
SELECT sid, psid AS ptr FROM derived.span
WHERE psid IS NOT NULL AND sid NOT IN (SELECT sid FROM b_near) AND sid NOT IN (SELECT sid FROM b_member)
