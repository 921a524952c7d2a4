-- Pointers that reached a span whose nearest seed is known; how many.
INSERT INTO b_near SELECT sid, near FROM b_pointer WHERE near IS NOT NULL
