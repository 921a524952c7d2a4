-- Which step usually ended last before each kind of step that only the key ties to its execution; and sources: which did
-- so more than now and then, as each of several branches that meet there.
CREATE OR REPLACE TABLE derived.usual_source AS
WITH nearest AS (
    SELECT * FROM b_headless
    QUALIFY row_number() OVER (PARTITION BY eid, step ORDER BY ended DESC, end_ns DESC, from_start_ns DESC, from_name, from_span_id) = 1
)
SELECT workflow, service, name, arg_max(source, (times, source)) AS source,
    list(source ORDER BY source) FILTER (times >= 0.05 * total) AS sources
FROM (
    SELECT *, sum(times) OVER (PARTITION BY workflow, service, name) AS total
    FROM (
        SELECT workflow, service, name, from_service || '/' || from_name AS source, count(*) AS times
        FROM nearest GROUP BY workflow, service, name, from_service || '/' || from_name
    )
)
GROUP BY workflow, service, name
