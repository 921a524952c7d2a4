-- Executions without a key are named after the trace of their first root.
INSERT INTO derived.identity
WITH first_vid AS (SELECT coalesce(max(vid), 0) AS base FROM derived.identity),
named AS (
    SELECT c.component, arg_min(t.trace_id, (t.start_ns, t.trace_id)) AS trace_id, count(*) AS traces
    FROM b_component AS c JOIN derived.trace AS t USING (trace_id) GROUP BY c.component
)
SELECT base + component, NULL, NULL, 'trace:' || hex_trace_id(trace_id), traces, false
FROM named, first_vid
