-- title: Executions that have been under way longest
-- description: Running and stalled ones, the oldest first, with who holds them.
-- param: workflow VARCHAR = NULL     only this workflow
-- param: limit BIGINT = 20           how many rows
SELECT
    e.execution, e.status, e.workflow, e.started_at, e.last_seen,
    e.holders[1].holder AS holder, e.holders[1].state AS state, e.holders[1].team AS team
FROM executions AS e
WHERE e.status IN ('running', 'stalled') AND ($workflow IS NULL OR e.workflow = $workflow)
ORDER BY e.started_at, e.execution
LIMIT $limit
