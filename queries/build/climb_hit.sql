-- Pointers that reached a span whose nearest seed is known.
INSERT INTO b_near SELECT p.sid, n.near FROM b_pointer AS p JOIN b_near AS n ON n.sid = p.ptr
