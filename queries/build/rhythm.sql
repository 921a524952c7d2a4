-- How long each instance is quiet as a rule: three times the 95th percentile of its pauses, to the second.
CREATE OR REPLACE TABLE derived.rhythm AS
WITH pause AS (
    SELECT service, instance, end_s - lag(end_s) OVER (PARTITION BY service, instance ORDER BY end_s) AS pause_s
    FROM (
        SELECT DISTINCT r.service, r.instance, s.end_s
        FROM (SELECT DISTINCT resource_id, end_ns // 1000000000 AS end_s FROM derived.span) AS s
        JOIN store.resource AS r USING (resource_id)
    )
)
SELECT service, instance, 3000000000 * least(greatest(1, quantile_disc(pause_s, 0.95))::BIGINT, 315360000) AS quiet_ns
FROM pause WHERE pause_s IS NOT NULL GROUP BY service, instance
