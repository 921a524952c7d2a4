-- How many spans each resource sent, copies and all.
CREATE OR REPLACE TABLE derived.resource_use AS
SELECT resource_id, sum(spans)::BIGINT AS spans
FROM (SELECT resource_id, spans FROM b_fresh UNION ALL SELECT resource_id, spans FROM derived.resource_use)
GROUP BY resource_id
