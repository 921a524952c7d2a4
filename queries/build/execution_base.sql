-- Executions before their status: when, where, started by what.
CREATE OR REPLACE TEMP TABLE b_execution AS
WITH head AS (
    SELECT e.eid, e.step, e.service, e.name, e.start_ns, e.kind, e.span_id,
        c.step IS NULL AND NOT EXISTS (
            SELECT 1 FROM b_cause AS b JOIN b_run_step AS f ON f.step = b.cause
            WHERE b.step = e.step AND f.eid = e.eid) AS is_head
    FROM (SELECT r.eid, t.* FROM b_run_step AS r JOIN derived.step AS t USING (step)) AS e
    LEFT JOIN b_run_step AS c ON c.eid = e.eid AND c.step = e.caller
),
-- A cycle of parents or links has no head: then the earliest step has to do.
-- What begins in one instant (an engine's spans may last no time) comes in the order of its names, so that
-- executions of one kind start alike.
first_head AS (
    SELECT h.eid, h.first_step, t.service AS start_service, t.name AS start_name
    FROM (
        SELECT eid, arg_min(step, (NOT is_head, start_ns, kind = 5, name, service, span_id)) AS first_step
        FROM head GROUP BY eid
    ) AS h
    JOIN derived.step AS t ON t.step = h.first_step
),
whole AS (
    SELECT eid, any_value(vid) AS vid, any_value(run) AS run, min(start_ns) AS start_ns, max(end_ns) AS end_ns,
        count(DISTINCT trace_id) AS traces, sum(spans)::BIGINT AS spans,
        list_sort(list(DISTINCT service)) AS services, list(DISTINCT source_id) AS sources
    FROM b_run_step JOIN derived.step USING (step) GROUP BY eid
)
SELECT w.*, f.first_step, f.start_service, f.start_name
FROM whole AS w JOIN first_head AS f USING (eid)
