-- The steps of a workflow, over all of its executions.
SELECT *
FROM workflow_steps
WHERE $workflow IS NULL OR workflow = $workflow
ORDER BY workflow, executions DESC, service, name
