-- Findings of those executions, as they were and as they are.
CREATE OR REPLACE TEMP TABLE s_fingerprint AS
SELECT fingerprint FROM derived.finding_execution SEMI JOIN s_eid USING (eid)
UNION SELECT fingerprint FROM tracemap_overlay.derived.finding_execution SEMI JOIN s_eid USING (eid)
