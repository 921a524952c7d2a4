-- Spans in a cycle of parents, which no climb led to an entry, stand for themselves.
INSERT INTO derived.span_step SELECT sid, sid FROM b_pointer ANTI JOIN b_near USING (sid)
