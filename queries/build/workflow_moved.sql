-- Starts that are usually a later step of one other workflow: executions that begin so lost their head.
CREATE OR REPLACE TABLE derived.workflow_moved AS
WITH started AS MATERIALIZED (
    SELECT eid, start_service, start_name, hash(text_hash(start_service), text_hash(start_name)) AS start_st FROM b_execution
),
starts AS (
    SELECT start_st AS st, any_value(start_service) AS service, any_value(start_name) AS name, count(*) AS times
    FROM started GROUP BY start_st
),
inside AS (
    SELECT st, start_st, count(*) AS times FROM (
        SELECT DISTINCT r.st, e.start_st, e.eid
        FROM (SELECT eid, st FROM b_run_step WHERE st IN (SELECT st FROM starts)) AS r
        JOIN started AS e ON e.eid = r.eid AND e.start_st != r.st
    ) GROUP BY st, start_st
)
SELECT s.service, s.name,
    arg_max(f.service, (i.times, f.name)) AS start_service,
    arg_max(f.name, (i.times, f.name)) AS start_name
FROM starts AS s JOIN inside AS i USING (st) JOIN starts AS f ON f.st = i.start_st
WHERE i.times >= 5 * s.times
GROUP BY ALL
