-- Traces (what is left of them) joined by links and messages, each its own component at first,
-- named by its place in the order of first roots. What is set aside is none.
-- needs: b_open
CREATE OR REPLACE TEMP TABLE b_component AS
WITH open_trace AS (
    SELECT DISTINCT trace_id FROM b_open ANTI JOIN derived.set_aside USING (trace_id)
)
SELECT trace_id, row_number() OVER (ORDER BY start_ns, trace_id) AS component
FROM derived.trace SEMI JOIN open_trace USING (trace_id)
