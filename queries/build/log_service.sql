-- Services that log, whether their log records tell of steps in progress (logged_step), and how long after
-- the last record of one it may still be at work: ten times as long as its steps last, the default at
-- least. A service whose logged spans do not arrive, a fifth of them or more, exports them elsewhere.
CREATE OR REPLACE TABLE derived.log_service AS
WITH logged AS (
    SELECT r.service, r.namespace, d.sid IS NOT NULL AS arrived, x.horizon_ns - g.last_ns AS quiet_ns
    FROM derived.span_log AS g
    JOIN store.resource AS r USING (resource_id)
    JOIN derived.source AS x USING (source_id)
    LEFT JOIN derived.span AS d ON d.trace_id = g.trace_id AND d.span_id = g.span_id
),
patience AS (
    SELECT service, namespace,
        greatest($deadline_step_ns, learned_deadline(quantile_disc(end_ns - start_ns, 0.99))) AS deadline_ns
    FROM derived.step WHERE service IN (SELECT service FROM logged) GROUP BY service, namespace
)
SELECT l.service, l.namespace, p.deadline_ns,
    count(*) FILTER (l.arrived) > 4 * count(*) FILTER (NOT l.arrived AND l.quiet_ns > $grace_ns + p.deadline_ns) AS tells
FROM logged AS l
LEFT JOIN patience AS p ON p.service = l.service AND p.namespace IS NOT DISTINCT FROM l.namespace
GROUP BY l.service, l.namespace, p.deadline_ns
