-- Attributes within which a reused key would not be: no two starts of one value say the same (a tenant, a region), and
-- each stands with several values. Of some hundred reused values of each key, what their first spans carry, and the
-- resources of these.
CREATE OR REPLACE TEMP TABLE b_key_per AS
WITH begun AS (
    SELECT DISTINCT v.name, v.value, v.trace_id, t.root_sid, hash(text_hash(t.root_service), text_hash(t.root_name)) AS start, t.start_ns
    FROM b_key_value AS v
    SEMI JOIN (SELECT name FROM b_key_statistics WHERE NOT rarely_reused AND id_like) AS k USING (name)
    JOIN derived.trace AS t USING (trace_id)
),
first AS (SELECT name, value, arg_min(start, (start_ns, start)) AS start FROM begun GROUP BY name, value),
again AS (
    SELECT b.name, b.value, b.root_sid, count(*) OVER (PARTITION BY b.name, b.value) AS times,
        dense_rank() OVER (PARTITION BY b.name ORDER BY text_hash(b.value)) AS place
    FROM begun AS b JOIN first AS f USING (name, value, start)
),
sample AS (SELECT name, value, root_sid, root_sid >> 32 AS batch_id, root_sid & 4294967295 AS span_no FROM again WHERE times > 1 AND place <= 1000),
carried AS (
    SELECT a.name, a.value, a.root_sid, s.shape_id, s.vals, true AS on_span
    FROM sample AS a JOIN store.span AS s ON s.batch_id = a.batch_id AND s.span_no = a.span_no
    UNION ALL
    SELECT a.name, a.value, a.root_sid, r.shape_id, r.vals, false
    FROM sample AS a JOIN store.span AS s ON s.batch_id = a.batch_id AND s.span_no = a.span_no
    JOIN store.resource AS r USING (resource_id)
),
said AS (
    SELECT c.name, c.value, p.attribute, c.vals[p.i] AS per, c.on_span
    FROM carried AS c
    JOIN store.shape AS h USING (shape_id),
        LATERAL (SELECT unnest(h.keys) AS attribute, unnest(h.types) AS type, generate_subscripts(h.keys, 1) AS i) AS p
    WHERE p.type IN (1, 3) AND c.vals[p.i] != ''
),
by_value AS (
    SELECT name, attribute, value, count(*) AS starts, count(DISTINCT per) AS apart, bool_or(on_span) AS on_span
    FROM said GROUP BY name, attribute, value
),
total AS (SELECT name, count(*) AS starts FROM sample GROUP BY name),
width AS (SELECT name, attribute, count(DISTINCT per) AS scopes, count(DISTINCT (value, per)) AS pairs FROM said GROUP BY name, attribute)
SELECT v.name, v.attribute
FROM by_value AS v
JOIN total AS t USING (name)
JOIN width AS w USING (name, attribute)
GROUP BY v.name, v.attribute
HAVING sum(v.starts) >= 0.95 * any_value(t.starts)
    AND count(*) FILTER (v.apart = v.starts AND v.starts > 1) >= 0.95 * count(*)
    AND any_value(w.pairs) >= 3 * any_value(w.scopes)
QUALIFY row_number() OVER (
    PARTITION BY v.name
    ORDER BY any_value(w.scopes), bool_or(v.on_span) DESC, regexp_matches(lower(v.attribute), 'id$') DESC, length(v.attribute), v.attribute) = 1
