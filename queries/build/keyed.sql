-- Every key value on every span: an array-valued key gives one row an element. Where it is unique only within
-- another attribute, that stands before it: acme/4711. vid: key and value as a number, the same in every analysis.
CREATE OR REPLACE TEMP TABLE b_keyed AS
WITH spelled AS (
    SELECT name, rank, unnest(list_distinct(list_append(aliases, name))) AS attribute
    FROM derived.key WHERE chosen
),
place AS (
    SELECT h.shape_id, p.i, p.type, s.rank, s.name,
        -- What a span says once need not be looked through for repetitions.
        p.type = 5 OR count(*) OVER (PARTITION BY h.shape_id, s.rank) > 1 AS repeats
    FROM store.shape AS h,
        LATERAL (SELECT unnest(h.keys) AS attribute, unnest(h.types) AS type, generate_subscripts(h.keys, 1) AS i) AS p
    JOIN spelled AS s ON s.attribute = p.attribute
    WHERE p.type IN (1, 3, 5)
),
found AS NOT MATERIALIZED (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.trace_id, p.rank, p.name, p.type, s.vals[p.i] AS value, p.repeats
    FROM store.span AS s JOIN place AS p USING (shape_id)
)
SELECT *, value_id(name, value) AS vid FROM (
    SELECT sid, trace_id, rank, name, CASE WHEN c.scope IS NULL THEN k.value ELSE c.scope || '/' || k.value END AS value
    FROM (
        SELECT * EXCLUDE (type, repeats) FROM found WHERE NOT repeats
        UNION ALL
        SELECT DISTINCT sid, trace_id, rank, name, value FROM (
            SELECT sid, trace_id, rank, name, value FROM found WHERE repeats AND type != 5
            UNION ALL
            SELECT sid, trace_id, rank, name, unnest(json_transform(value, '["VARCHAR"]')) FROM found WHERE type = 5
        )
    ) AS k
    ANTI JOIN derived.span_dropped USING (sid)
    LEFT JOIN b_key_scope AS c USING (sid, rank)
    WHERE k.value IS NOT NULL AND k.value != ''
)
