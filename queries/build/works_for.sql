-- The executions that each missing parent is at work for: those of all that is below it.
-- needs: derived.missing_parent
CREATE OR REPLACE TEMP TABLE b_works_for AS
SELECT DISTINCT m.sid, x.eid
FROM (SELECT sid, unnest(steps) AS step FROM derived.missing_parent) AS m JOIN derived.execution_step AS x USING (step)
