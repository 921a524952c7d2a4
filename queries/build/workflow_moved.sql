-- Starts that are usually a later step of one other workflow: executions that begin so lost their head.
CREATE OR REPLACE TABLE derived.workflow_moved AS
WITH starts AS (
    SELECT start_service, start_name, count(*) AS times FROM b_execution GROUP BY ALL
),
inside AS (
    SELECT t.service, t.name, e.start_service, e.start_name, count(DISTINCT e.eid) AS times
    FROM b_execution AS e JOIN b_run_step AS r USING (eid) JOIN derived.step AS t USING (step)
    WHERE t.service != e.start_service OR t.name != e.start_name
    GROUP BY ALL
)
SELECT s.start_service AS service, s.start_name AS name,
    arg_max(i.start_service, (i.times, i.start_name)) AS start_service,
    arg_max(i.start_name, (i.times, i.start_name)) AS start_name
FROM starts AS s JOIN inside AS i ON i.service = s.start_service AND i.name = s.start_name
WHERE i.times >= 5 * s.times
GROUP BY ALL
