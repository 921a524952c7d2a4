-- Those that rounds did not reach, with the answer that came last to where they look.
CREATE OR REPLACE TEMP TABLE b_chain AS
SELECT p.sid, p.ptr, n.near
FROM b_pointer AS p
ANTI JOIN b_near AS o ON o.sid = p.sid
LEFT JOIN (SELECT sid, near FROM b_near WHERE round = $round) AS n ON n.sid = p.ptr
