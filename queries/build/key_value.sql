-- The values of candidates: a sample of values by hash, with all the spans of a sampled value.
CREATE OR REPLACE TEMP TABLE b_key_value AS
WITH found AS (
    SELECT c.name, c.type, s.trace_id, (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.vals[c.i] AS value
    FROM store.span AS s JOIN b_candidate AS c USING (shape_id)
),
single AS (
    SELECT name, trace_id, sid, value FROM found WHERE type != 5
    UNION ALL
    SELECT name, trace_id, sid, unnest(json_transform(value, '["VARCHAR"]')) AS value FROM found WHERE type = 5
)
SELECT v.name, v.value, v.trace_id, v.sid, d.service
FROM single AS v JOIN derived.span AS d USING (sid)
WHERE value IS NOT NULL AND value != '' AND length(value) <= 256 AND hash(value) % $one_in = 0
