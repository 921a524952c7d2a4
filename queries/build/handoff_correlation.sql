-- Steps that only the key ties to their execution follow the step that usually ended last before
-- such a step; the key is the evidence.
INSERT INTO derived.handoff
WITH chosen AS (
    SELECT b.* FROM b_headless AS b LEFT JOIN derived.usual_source AS u USING (workflow, service, name)
    QUALIFY row_number() OVER (
        PARTITION BY b.eid, b.step
        ORDER BY b.from_service || '/' || b.from_name IS NOT DISTINCT FROM u.source DESC, b.ended DESC, b.end_ns DESC, b.from_start_ns DESC, b.from_name, b.from_span_id) = 1
)
SELECT c.eid, c.from_step, c.step, 'correlation', true, 'key', NULL, NULL, greatest(c.start_ns - c.end_ns, 0), NULL,
    x.wf, f.st, x.st, x.failed
FROM chosen AS c
JOIN derived.execution_step AS x ON x.eid = c.eid AND x.step = c.step
JOIN derived.execution_step AS f ON f.eid = c.eid AND f.step = c.from_step
