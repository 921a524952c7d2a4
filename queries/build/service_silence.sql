-- When a whole service sent nothing, far longer than is its rhythm: 10 times its p99 gap and 5
-- minutes. Nothing is called orphaned for want of its telemetry then.
CREATE OR REPLACE TABLE derived.service_silence AS
-- To the second: finer would only cost.
WITH ended AS (
    SELECT service, max(end_ns) AS end_ns FROM derived.span GROUP BY service, end_ns // 1000000000
),
gap AS (
    SELECT service, end_ns AS from_ns, lead(end_ns) OVER (PARTITION BY service ORDER BY end_ns) AS to_ns FROM ended
),
rhythm AS (
    -- The percentile counts from below, so that among few gaps an outage is not its own measure.
    SELECT service, greatest(300000000000, learned_deadline(
        list(to_ns - from_ns ORDER BY to_ns - from_ns)[greatest(1, floor(0.99 * count(*))::BIGINT)])) AS longest_ns
    FROM gap WHERE to_ns IS NOT NULL GROUP BY service
)
SELECT g.service, g.from_ns, g.to_ns
FROM gap AS g JOIN rhythm AS r USING (service)
WHERE g.to_ns - g.from_ns > r.longest_ns
