CREATE OR REPLACE TEMP TABLE s_read AS
SELECT trace_id FROM s_trace UNION SELECT trace_id FROM s_context
