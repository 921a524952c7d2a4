-- Which step usually ended last before each kind of step that only the key ties to its execution.
CREATE OR REPLACE TABLE derived.usual_source AS
WITH nearest AS (
    SELECT * FROM b_headless
    QUALIFY row_number() OVER (PARTITION BY eid, step ORDER BY ended DESC, end_ns DESC, from_start_ns DESC, from_name, from_span_id) = 1
)
SELECT workflow, service, name, arg_max(source, (times, source)) AS source
FROM (
    SELECT workflow, service, name, from_service || '/' || from_name AS source, count(*) AS times
    FROM nearest GROUP BY workflow, service, name, from_service || '/' || from_name
)
GROUP BY workflow, service, name
