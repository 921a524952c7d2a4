-- For each kind of span, the step that usually is above it, and how often its parent is missing.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH seen AS (
    SELECT s.service, s.name, s.psid IS NULL AS missing,
        c.service AS caller_service, c.namespace AS caller_namespace, c.name AS caller_name, count(*) AS times
    FROM derived.span AS s
    LEFT JOIN derived.span_step AS st ON st.sid = s.psid
    LEFT JOIN derived.step AS c ON c.step = st.step
    WHERE s.parent_span_id IS NOT NULL
    GROUP BY s.service, s.name, s.psid IS NULL, c.service, c.namespace, c.name
),
usual AS (
    SELECT * FROM seen WHERE NOT missing
    QUALIFY row_number() OVER (
        PARTITION BY service, name ORDER BY times DESC, caller_service, caller_name, caller_namespace) = 1
),
lasted AS (
    SELECT service, namespace, name, quantile_disc(end_ns - start_ns, 0.99) AS p99_ns
    FROM derived.step GROUP BY service, namespace, name
),
total AS (
    SELECT service, name, sum(times)::BIGINT AS refs, coalesce(sum(times) FILTER (missing), 0)::BIGINT AS missing
    FROM seen GROUP BY service, name
)
SELECT t.*, u.caller_service, u.caller_namespace, u.caller_name, u.times, l.p99_ns,
    -- Always missing here: an uninstrumented gateway, or sampling of the fleet.
    t.missing > CASE WHEN t.refs >= 10 THEN 0.2 ELSE 0.5 END * t.refs OR u.times IS NULL AS always_missing
FROM total AS t
LEFT JOIN usual AS u USING (service, name)
LEFT JOIN lasted AS l
    ON l.service = u.caller_service AND l.name = u.caller_name AND l.namespace IS NOT DISTINCT FROM u.caller_namespace
