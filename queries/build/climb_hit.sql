-- Pointers that reached a span whose answer is known; how many.
INSERT INTO b_near SELECT sid, near, $round FROM b_chain WHERE near IS NOT NULL
