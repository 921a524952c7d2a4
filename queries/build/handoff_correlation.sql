-- Steps that only the key ties to their execution follow the step that usually ended last before
-- such a step; the key is the evidence.
INSERT INTO derived.handoff
WITH chosen AS (
    SELECT b.* FROM b_headless AS b LEFT JOIN derived.usual_source AS u USING (workflow, service, name)
    QUALIFY row_number() OVER (
        PARTITION BY b.eid, b.step
        ORDER BY b.from_service || '/' || b.from_name IS NOT DISTINCT FROM u.source DESC, b.ended DESC, b.end_ns DESC, b.from_start_ns DESC, b.from_name, b.from_span_id) = 1
)
SELECT c.eid, c.from_step, c.step, 'correlation', true, 'key', NULL, NULL, greatest(c.start_ns - c.end_ns, 0), NULL
FROM chosen AS c
