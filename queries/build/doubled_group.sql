-- Doubled instrumentation that shows only in the mass: consumer groups of whose messages, thirty or more,
-- nearly all were processed twice at once (design section 6).
CREATE OR REPLACE TABLE derived.doubled_group AS
WITH one AS (
    SELECT destination, consumer_group, mid, max(start_ns) <= min(end_ns) AND count(*) > 1 AS overlapping
    FROM b_processed GROUP BY destination, consumer_group, mid, identity
)
SELECT destination, consumer_group
FROM one GROUP BY destination, consumer_group
HAVING count(DISTINCT mid) >= 30 AND count(*) FILTER (overlapping) >= 0.95 * count(DISTINCT mid)
