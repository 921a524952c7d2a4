-- Spans with their parent's sid; null for roots, missing parents and spans that are their own parent.
CREATE OR REPLACE TABLE derived.span AS
SELECT s.*, p.sid AS psid
FROM b_span AS s
LEFT JOIN b_span AS p
    ON p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND p.sid != s.sid
