-- Each execution's start step, as the start of its workflow.
CREATE OR REPLACE TEMP TABLE b_named AS
SELECT e.eid, coalesce(m.start_service, e.start_service) AS service, coalesce(m.start_name, e.start_name) AS name
FROM b_execution AS e LEFT JOIN derived.workflow_moved AS m ON m.service = e.start_service AND m.name = e.start_name
