-- Who starts workflows of a name for the first time.
CREATE OR REPLACE TEMP TABLE s_new_start AS
SELECT DISTINCT n.name, n.service
FROM b_named AS n JOIN derived.execution AS e USING (eid) SEMI JOIN s_inside USING (vid)
WHERE (n.name, n.service) NOT IN (SELECT (name, service) FROM derived.workflow_start)
