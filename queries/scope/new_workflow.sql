-- Workflows seen for the first time, where all that a whole analysis would find out about their owner is known:
-- nothing is declared, no engine runs them, and one known service with one owner starts them (ownership/workflow).
CREATE OR REPLACE TEMP TABLE s_new_workflow AS
WITH fresh AS (
    SELECT workflow, min(start_service) AS service
    FROM derived.execution SEMI JOIN s_inside USING (vid)
    WHERE workflow IS NOT NULL AND workflow NOT IN (SELECT name FROM derived.owner WHERE kind = 'workflow')
    GROUP BY workflow HAVING count(DISTINCT start_service) = 1
),
engine AS (
    SELECT DISTINCT e.workflow
    FROM derived.execution AS e JOIN derived.execution_step AS x USING (eid) JOIN derived.step AS s USING (step)
    WHERE starts_with(s.name, 'RunWorkflow:')
)
SELECT f.workflow AS name, f.service, any_value(o.team) AS team
FROM fresh AS f
JOIN derived.owner AS o ON o.kind = 'service' AND o.name = f.service
WHERE f.workflow NOT IN (SELECT workflow FROM engine WHERE workflow IS NOT NULL)
    AND lower(f.workflow) NOT IN (SELECT lower(name) FROM store.declaration WHERE kind = 'workflow')
GROUP BY f.workflow, f.service HAVING count(*) = 1
