-- Spans that were exported more than once, and on what their copies contradict each other. An attribute
-- that only one copy has is no contradiction: two pipelines add and remove different ones.
-- needs: derived.span_dropped
CREATE OR REPLACE TABLE derived.span_copy AS
WITH copied AS (
    SELECT DISTINCT s.trace_id, s.span_id
    FROM store.span AS s
    WHERE (s.batch_id::BIGINT << 32) | s.span_no::BIGINT IN (SELECT sid FROM derived.span_dropped)
),
copy AS (
    SELECT s.*, r.service
    FROM store.span AS s SEMI JOIN copied USING (trace_id, span_id) JOIN store.resource AS r USING (resource_id)
),
whole AS (
    SELECT trace_id, span_id, count(*) AS copies,
        list_filter([
            CASE WHEN count(DISTINCT service) > 1 THEN 'service' END,
            CASE WHEN count(DISTINCT name) > 1 THEN 'name' END,
            CASE WHEN count(DISTINCT kind) > 1 THEN 'kind' END,
            CASE WHEN count(DISTINCT coalesce(parent_span_id, 0)) > 1 THEN 'parent' END,
            CASE WHEN count(DISTINCT start_ns) > 1 THEN 'start' END,
            CASE WHEN count(DISTINCT end_ns) > 1 THEN 'end' END,
            CASE WHEN count(DISTINCT status) > 1 THEN 'status' END], lambda f: f IS NOT NULL) AS differs
    FROM copy GROUP BY trace_id, span_id
),
attribute AS (
    SELECT c.trace_id, c.span_id, a.key
    FROM copy AS c JOIN store.shape AS h USING (shape_id),
        LATERAL (SELECT unnest(h.keys) AS key, unnest(c.vals) AS value) AS a
    GROUP BY c.trace_id, c.span_id, a.key HAVING count(DISTINCT a.value) > 1
),
attributes AS (SELECT trace_id, span_id, list('attribute ' || key ORDER BY key) AS differs FROM attribute GROUP BY trace_id, span_id)
SELECT w.trace_id, w.span_id, w.copies, list_concat(w.differs, coalesce(a.differs, [])) AS differs
FROM whole AS w LEFT JOIN attributes AS a USING (trace_id, span_id)
