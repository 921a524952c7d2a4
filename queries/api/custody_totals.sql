-- Who holds how many executions that are not done, the busiest first.
SELECT
    holder, holder_kind, team, state,
    count(DISTINCT execution) AS executions,
    min(since) AS oldest_since,
    arg_min(execution, (since, execution)) AS oldest
FROM custody
WHERE holder_kind <> 'done'
GROUP BY holder, holder_kind, team, state
ORDER BY executions DESC, oldest_since, holder
