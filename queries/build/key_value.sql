-- The values of candidates: a sample of values by hash, with all the spans of a sampled value. vid: name and
-- value as a number, as the service is one.
CREATE OR REPLACE TEMP TABLE b_key_value AS
WITH found AS (
    SELECT c.name, c.type, s.trace_id, (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, text_hash(r.service) AS service, s.vals[c.i] AS value
    FROM store.span AS s JOIN b_candidate AS c USING (shape_id) JOIN store.resource AS r USING (resource_id)
),
single AS (
    SELECT name, trace_id, sid, service, value FROM found WHERE type != 5
    UNION ALL
    SELECT name, trace_id, sid, service, unnest(json_transform(value, '["VARCHAR"]')) AS value FROM found WHERE type = 5
)
SELECT name, value, trace_id, sid, service, text_hash(name || chr(0) || value) AS vid
FROM single ANTI JOIN derived.span_dropped USING (sid)
WHERE value IS NOT NULL AND value != '' AND length(value) <= 256 AND hash(value) % $one_in = 0
