-- The runs of $execution's identity, in order: the executions of one key value (each began after the one
-- before had completed), and within each the runs of a workflow engine (continued as new, or retried as
-- a whole), by the engine's run id. One row where there was one run.
WITH same AS (
    SELECT e.eid, e.execution, e.run, e.start_ns, e.end_ns, e.spans, s.status
    FROM derived.execution AS e JOIN derived.execution_state AS s USING (eid)
    WHERE e.vid IN (SELECT vid FROM derived.execution WHERE execution = $execution)
),
run_key AS (
    SELECT shape_id, list_position(keys, k.attribute) AS i
    FROM store.shape AS h
    JOIN (VALUES ('temporalRunID'), ('temporal.run.id'), ('temporal.run_id'), ('temporalRunId'), ('workflow.temporal.run_id'))
        AS k(attribute) ON list_contains(h.keys, k.attribute)
    QUALIFY row_number() OVER (PARTITION BY shape_id ORDER BY k.attribute) = 1
),
engine AS (
    SELECT x.eid, o.vals[k.i] AS engine_run, min(d.start_ns) AS start_ns, max(d.end_ns) AS end_ns, count(*) AS spans
    -- Most stores have none of these attributes, and no span is looked at.
    FROM (SELECT eid FROM same WHERE EXISTS (FROM run_key)) AS e
    JOIN derived.execution_step AS x USING (eid)
    JOIN derived.span_step AS t USING (step)
    JOIN derived.span AS d USING (sid)
    JOIN store.span AS o ON o.batch_id = (d.sid >> 32)::UBIGINT AND o.span_no = (d.sid & 4294967295)::UINTEGER
    JOIN run_key AS k USING (shape_id)
    WHERE o.vals[k.i] != ''
    GROUP BY ALL
),
part AS (
    SELECT e.execution, e.run, g.engine_run, coalesce(g.start_ns, e.start_ns) AS start_ns, coalesce(g.end_ns, e.end_ns) AS end_ns,
        coalesce(g.spans, e.spans) AS spans, e.status,
        row_number() OVER (PARTITION BY e.eid ORDER BY g.start_ns, g.engine_run) AS place,
        count(*) OVER (PARTITION BY e.eid) AS places
    FROM same AS e LEFT JOIN engine AS g USING (eid)
)
SELECT execution, engine_run, utc(start_ns) AS started_at, utc(end_ns) AS last_seen, spans,
    CASE WHEN place < places THEN 'continued' ELSE status END AS status
FROM part
ORDER BY run, place
