-- The parent's sid of every span that has a parent in the store, and is not its own.
CREATE OR REPLACE TEMP TABLE b_parent_of AS
SELECT s.sid, p.sid AS psid
FROM b_index AS s
JOIN b_index AS p ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.sid != s.sid
