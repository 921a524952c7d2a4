-- For each kind of span, the step that usually is above it, how long after it such a child begins, and
-- how often its parent is missing.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH above AS (
    SELECT s.service, s.name, c.service AS caller_service, c.namespace AS caller_namespace, c.name AS caller_name,
        count(*) AS times, quantile_disc(greatest(s.start_ns - p.start_ns, 0), 0.99) AS p99_lead_ns
    FROM derived.span AS s
    JOIN derived.span AS p ON p.sid = s.psid
    JOIN derived.span_step AS st ON st.sid = s.psid
    JOIN derived.step AS c ON c.step = st.step
    GROUP BY s.service, s.name, c.service, c.namespace, c.name
),
gone AS (
    SELECT service, name, count(*) AS missing, count(DISTINCT start_ns // 60000000000) AS minutes
    FROM derived.span WHERE parent_span_id IS NOT NULL AND psid IS NULL GROUP BY service, name
),
usual AS (
    SELECT * FROM above
    QUALIFY row_number() OVER (
        PARTITION BY service, name ORDER BY times DESC, caller_service, caller_name, caller_namespace) = 1
),
lasted AS (
    SELECT service, namespace, name, quantile_disc(end_ns - start_ns, 0.99) AS p99_ns
    FROM derived.step GROUP BY service, namespace, name
),
total AS (
    SELECT service, name, sum(times)::BIGINT AS refs, sum(missing)::BIGINT AS missing, max(minutes) AS minutes
    FROM (
        SELECT service, name, times, 0 AS missing, 0 AS minutes FROM above
        UNION ALL SELECT service, name, missing, missing, minutes FROM gone
    )
    GROUP BY service, name
)
SELECT t.* EXCLUDE (minutes), u.caller_service, u.caller_namespace, u.caller_name, u.times, u.p99_lead_ns, l.p99_ns,
    -- Always missing here: an uninstrumented gateway, or sampling of the fleet; or so regularly (5%, in
    -- ten different minutes) that it is a filter, a browser that does not tell, and no accident.
    t.missing > CASE WHEN t.refs >= 10 THEN 0.2 ELSE 0.5 END * t.refs OR u.times IS NULL
        OR (t.minutes >= 10 AND t.missing > 0.05 * t.refs) AS always_missing
FROM total AS t
LEFT JOIN usual AS u USING (service, name)
LEFT JOIN lasted AS l
    ON l.service = u.caller_service AND l.name = u.caller_name AND l.namespace IS NOT DISTINCT FROM u.caller_namespace
