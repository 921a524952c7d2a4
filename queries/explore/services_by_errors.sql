-- title: Which services fail most
-- description: Steps that ended in error, by service, with their share of all of the service's steps
--   and how many executions they were in.
-- param: limit BIGINT = 20           how many rows
SELECT
    service, any_value(team) AS team,
    count(*) FILTER (status = 'error') AS errors,
    count(*) AS steps,
    count(*) FILTER (status = 'error') / count(*) AS error_share,
    count(DISTINCT execution) FILTER (status = 'error') AS executions,
    max(ended_at) FILTER (status = 'error') AS last_error
FROM steps
WHERE NOT is_virtual
GROUP BY service
HAVING count(*) FILTER (status = 'error') > 0
ORDER BY errors DESC, service
LIMIT $limit
