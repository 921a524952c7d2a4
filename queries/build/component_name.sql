-- Every component's number and the trace it is named after: that of its first root.
-- needs: b_component
CREATE OR REPLACE TEMP TABLE b_component_name AS
SELECT component, first_trace_id, traces, (hash('trace', first_trace_id) >> 1)::BIGINT AS vid
FROM (
    SELECT c.component, arg_min(t.trace_id, (t.start_ns, t.trace_id)) AS first_trace_id, count(*) AS traces
    FROM b_component AS c JOIN derived.trace AS t USING (trace_id) GROUP BY c.component
)
