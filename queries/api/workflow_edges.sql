-- The hand-offs of a workflow, over all of its executions.
SELECT *
FROM workflow_edges
WHERE $workflow IS NULL OR workflow = $workflow
ORDER BY workflow, executions DESC, from_service, from_name, to_service, to_name, type
