CREATE OR REPLACE TEMP TABLE a_opened AS
SELECT DISTINCT o.trace_id FROM derived.open_trace AS o SEMI JOIN s_context USING (trace_id)
