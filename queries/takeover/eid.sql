-- Executions that go, and those that come in their stead.
CREATE OR REPLACE TEMP TABLE s_eid AS
SELECT eid FROM derived.execution WHERE vid IN (SELECT vid FROM s_gone)
UNION SELECT eid FROM tracemap_overlay.derived.execution WHERE vid IN (SELECT vid FROM s_inside)
