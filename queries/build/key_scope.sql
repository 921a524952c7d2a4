-- Of keys that are unique only within another attribute (an order's number within a tenant): within what each span's
-- value stands. What the span itself says, else its trace where that agrees, else its nearest ancestor that says so,
-- else its resource. The first '/' of a value ends its scope: one within it is written %2F.
-- needs: b_key_within
CREATE OR REPLACE TEMP TABLE b_key_scope AS
WITH RECURSIVE place AS (
    SELECT h.shape_id, unnest(h.keys) AS attribute, unnest(h.types) AS type, generate_subscripts(h.keys, 1) AS i
    FROM store.shape AS h
),
key_shape AS (
    SELECT DISTINCT p.shape_id, s.rank
    FROM place AS p JOIN b_key_within AS s ON list_contains(s.spellings, p.attribute) WHERE p.type IN (1, 3, 5)
),
scope_shape AS (
    SELECT p.shape_id, s.rank, arg_min(p.i, list_position(s.per, p.attribute)) AS i
    FROM place AS p JOIN b_key_within AS s ON list_contains(s.per, p.attribute) WHERE p.type IN (1, 3) GROUP BY ALL
),
wanting AS MATERIALIZED (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.trace_id, s.resource_id, k.rank, nullif(s.vals[p.i], '') AS own
    FROM store.span AS s JOIN key_shape AS k USING (shape_id)
    LEFT JOIN scope_shape AS p ON p.shape_id = s.shape_id AND p.rank = k.rank
),
lacking AS (SELECT DISTINCT trace_id, rank FROM wanting WHERE own IS NULL),
told AS MATERIALIZED (
    SELECT (s.batch_id::BIGINT << 32) | s.span_no::BIGINT AS sid, s.trace_id, p.rank, s.vals[p.i] AS value
    FROM store.span AS s JOIN scope_shape AS p USING (shape_id)
    SEMI JOIN lacking AS l ON l.trace_id = s.trace_id AND l.rank = p.rank
    WHERE s.vals[p.i] != ''
),
-- Copies of spans tell nothing.
of_trace AS MATERIALIZED (
    SELECT trace_id, rank, min(value) AS value, min(value) = max(value) AS agrees
    FROM told WHERE sid NOT IN (SELECT sid FROM derived.span_dropped) GROUP BY trace_id, rank
),
mixed AS MATERIALIZED (
    SELECT s.sid, s.psid, t.rank, o.value
    FROM of_trace AS t JOIN derived.span AS s ON s.trace_id = t.trace_id
    LEFT JOIN told AS o ON o.sid = s.sid AND o.rank = t.rank
    WHERE NOT t.agrees
),
-- A hundred spans further up nobody looks.
climb(sid, rank, above, value, depth) AS (
    SELECT w.sid, w.rank, m.psid, NULL::VARCHAR, 0
    FROM wanting AS w JOIN mixed AS m ON m.sid = w.sid AND m.rank = w.rank WHERE w.own IS NULL
    UNION ALL
    SELECT c.sid, c.rank, m.psid, m.value, c.depth + 1
    FROM climb AS c JOIN mixed AS m ON m.sid = c.above AND m.rank = c.rank
    WHERE c.value IS NULL AND c.depth < 100
),
of_ancestor AS (SELECT sid, rank, min(value) AS value FROM climb WHERE value IS NOT NULL GROUP BY sid, rank),
of_resource AS (
    SELECT r.resource_id, p.rank, nullif(r.vals[p.i], '') AS value FROM store.resource AS r JOIN scope_shape AS p USING (shape_id)
)
SELECT w.sid, w.rank,
    replace(coalesce(w.own, CASE WHEN t.agrees THEN t.value ELSE a.value END, r.value), '/', '%2F') AS scope
FROM wanting AS w
LEFT JOIN of_trace AS t ON t.trace_id = w.trace_id AND t.rank = w.rank
LEFT JOIN of_ancestor AS a ON a.sid = w.sid AND a.rank = w.rank
LEFT JOIN of_resource AS r ON r.resource_id = w.resource_id AND r.rank = w.rank
WHERE scope IS NOT NULL
