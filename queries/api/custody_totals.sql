-- Who holds how many executions that are not done, the one held longest first, and what should happen
-- next in it. An execution with several open branches is held by several; total counts it once.
WITH held AS (
    SELECT *, evidence->>'expected_next' AS expected FROM custody WHERE holder_kind <> 'done'
)
SELECT
    holder, holder_kind, team, state,
    count(DISTINCT execution) AS executions,
    min(since) AS oldest_since,
    arg_min(execution, (since, execution)) AS oldest,
    arg_min(expected, (since, execution)) AS expected_next,
    (SELECT count(DISTINCT execution) FROM held) AS total
FROM held
GROUP BY holder, holder_kind, team, state
ORDER BY oldest_since, executions DESC, holder, state
