-- The workflow of each execution: its start step. An execution whose head was lost starts in the
-- middle; when its start is usually a later step of one other workflow, it belongs to that.
CREATE OR REPLACE TEMP TABLE b_workflow AS
WITH starts AS (
    SELECT start_service, start_name, count(*) AS times FROM b_execution GROUP BY ALL
),
inside AS (
    SELECT t.service, t.name, e.start_service, e.start_name, count(DISTINCT e.eid) AS times
    FROM b_execution AS e JOIN b_run_step AS t USING (eid)
    WHERE t.service != e.start_service OR t.name != e.start_name
    GROUP BY ALL
),
moved AS (
    SELECT s.start_service AS service, s.start_name AS name,
        arg_max(i.start_service, (i.times, i.start_name)) AS start_service,
        arg_max(i.start_name, (i.times, i.start_name)) AS start_name
    FROM starts AS s JOIN inside AS i ON i.service = s.start_service AND i.name = s.start_name
    WHERE i.times >= 5 * s.times
    GROUP BY ALL
),
named AS (
    SELECT e.eid, coalesce(m.start_service, e.start_service) AS service, coalesce(m.start_name, e.start_name) AS name
    FROM b_execution AS e LEFT JOIN moved AS m ON m.service = e.start_service AND m.name = e.start_name
),
ambiguous AS (SELECT name FROM named GROUP BY name HAVING count(DISTINCT service) > 1)
SELECT eid, service, CASE WHEN name IN (SELECT name FROM ambiguous) THEN service || ' ' || name ELSE name END AS workflow
FROM named
