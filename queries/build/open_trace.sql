-- Traces of which a part belongs where another trace does: what is said there may change them.
CREATE OR REPLACE TABLE derived.open_trace AS
SELECT DISTINCT s.trace_id
FROM derived.span_set AS k JOIN derived.span AS s USING (sid)
WHERE k.reason IN ('link', 'linked from', 'message', 'root')
UNION
-- Whatever a batch belongs to, what it links to may have come late.
SELECT trace_id FROM b_batch
