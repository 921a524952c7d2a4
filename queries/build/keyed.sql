-- Every key value on every span: an array-valued key gives one row an element.
CREATE OR REPLACE TEMP TABLE b_keyed AS
WITH spelled AS (
    SELECT name, rank, unnest(list_distinct(list_append(aliases, name))) AS attribute
    FROM derived.key WHERE chosen
),
place AS (
    SELECT h.shape_id, p.i, p.type, s.rank, s.name
    FROM store.shape AS h,
        LATERAL (SELECT unnest(h.keys) AS attribute, unnest(h.types) AS type, generate_subscripts(h.keys, 1) AS i) AS p
    JOIN spelled AS s ON s.attribute = p.attribute
    WHERE p.type IN (1, 3, 5)
),
found AS (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.trace_id, p.rank, p.name, p.type, s.vals[p.i] AS value
    FROM store.span AS s JOIN place AS p USING (shape_id)
)
SELECT DISTINCT sid, trace_id, rank, name, value FROM (
    SELECT * EXCLUDE (type) FROM found WHERE type != 5
    UNION ALL
    SELECT sid, trace_id, rank, name, unnest(json_transform(value, '["VARCHAR"]')) FROM found WHERE type = 5
) WHERE value IS NOT NULL AND value != '' AND sid IN (SELECT sid FROM derived.span)
