-- title: Who holds how many executions now
-- description: Everything that is not done, by holder; the one held longest is named.
-- param: team VARCHAR = NULL         only what this team holds
SELECT
    coalesce(team, 'unowned') AS team, holder, holder_kind,
    count(DISTINCT execution) AS executions,
    min(since) AS longest_since,
    arg_min(execution, (since, execution)) AS longest
FROM custody
WHERE holder_kind <> 'done' AND ($team IS NULL OR team = $team)
GROUP BY ALL
ORDER BY executions DESC, longest_since, holder
