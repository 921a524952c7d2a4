-- title: Where ownership changes hands most often
-- description: Hand-offs between two teams, by how many executions pass there.
-- param: limit BIGINT = 20           how many rows
SELECT
    coalesce(from_team, 'unowned') AS from_team, coalesce(to_team, 'unowned') AS to_team,
    sum(executions) AS executions, sum(count) AS handoffs, sum(errors) AS errors,
    list_sort(list(DISTINCT mode)) AS modes,
    list_sort(list(DISTINCT from_service || ' to ' || to_service)) AS between_services
FROM workflow_edges
WHERE boundary
GROUP BY 1, 2
ORDER BY executions DESC, from_team, to_team
LIMIT $limit
