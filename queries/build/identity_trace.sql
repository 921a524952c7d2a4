-- Executions without a key are named after the trace of their first root.
-- needs: b_component_name
INSERT INTO derived.identity
SELECT vid, NULL, NULL, 'trace:' || hex_trace_id(first_trace_id), traces, false FROM b_component_name
