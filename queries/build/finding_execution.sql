-- Which executions each finding concerns: what counts as not accounted for.
-- needs: derived.finding_raw
CREATE OR REPLACE TABLE derived.finding_execution AS
SELECT fingerprint, family, unnest(eids) AS eid FROM derived.finding_raw
