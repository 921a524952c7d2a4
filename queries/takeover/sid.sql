CREATE OR REPLACE TEMP TABLE s_sid AS
SELECT sid FROM s_old UNION SELECT s.sid FROM tracemap_overlay.derived.span AS s SEMI JOIN s_trace USING (trace_id)
