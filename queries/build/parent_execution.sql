-- Child executions: the execution of the step that called their first step, where the key says so.
-- needs: b_child
CREATE OR REPLACE TEMP TABLE b_parent AS
SELECT e.eid, min(p.eid) AS parent_eid
FROM b_execution AS e
JOIN b_child AS c ON c.vid = e.vid
JOIN derived.step AS f ON f.step = e.first_step
JOIN b_run_step AS p ON p.step = f.caller AND p.eid != e.eid
GROUP BY e.eid
