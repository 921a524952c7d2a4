-- Who looks at a span takes the answer that it got in the last round; how many. A span looks at one, so none gets a
-- second answer, and no table of those left is made round by round: what a transaction drops it keeps until its end.
INSERT INTO b_near
SELECT p.sid, n.near, $round
FROM b_pointer AS p JOIN (SELECT sid, near FROM b_near WHERE round = $round - 1) AS n ON n.sid = p.ptr
