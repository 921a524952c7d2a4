-- title: Where work waits longest between two steps
-- description: Hand-offs by the time between the end of one side and the beginning of the other,
--   over all executions of each workflow, the longest first.
-- param: workflow VARCHAR = NULL     only this workflow
-- param: limit BIGINT = 20           how many rows
SELECT
    workflow, from_service, to_service, to_name, type, mode, destination,
    p50_wait_ns, p95_wait_ns, count, to_team
FROM workflow_edges
WHERE mode = 'async' AND ($workflow IS NULL OR workflow = $workflow)
ORDER BY p95_wait_ns DESC NULLS LAST, workflow, from_service, from_name, to_service, to_name
LIMIT $limit
