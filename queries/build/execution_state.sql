-- The status of each execution (design section 8).
CREATE OR REPLACE TABLE derived.execution_state AS
WITH open_now AS (
    SELECT eid, bool_or(late) AS late, bool_or(gone) AS gone
    FROM derived.open_item GROUP BY eid
)
SELECT e.eid,
    CASE
        WHEN o.gone AND m.matured THEN 'abandoned'
        WHEN o.late THEN 'stalled'
        WHEN o.eid IS NOT NULL THEN 'running'
        WHEN x.failed_ns IS NOT NULL AND NOT x.went_on AND x.compensated THEN 'compensated'
        WHEN x.failed_ns IS NOT NULL AND NOT x.went_on THEN 'failed'
        ELSE 'completed'
    END AS status,
    m.matured, x.what AS failed_in
FROM derived.execution AS e
JOIN b_matured AS m USING (eid)
JOIN b_ending AS x USING (eid)
LEFT JOIN open_now AS o USING (eid)
