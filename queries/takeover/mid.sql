-- Messages of unseen producers that were, or are, taken there.
CREATE OR REPLACE TEMP TABLE s_mid AS
SELECT mid FROM derived.reception SEMI JOIN s_trace USING (trace_id) WHERE mid < 0
UNION SELECT mid FROM tracemap_overlay.derived.reception SEMI JOIN s_trace USING (trace_id) WHERE mid < 0
