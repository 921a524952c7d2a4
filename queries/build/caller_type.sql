-- For each kind of span, the step that usually is above it, and how often its parent is missing.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH seen AS (
    SELECT s.service, s.name, s.psid IS NULL AS missing, st.step AS caller, count(*) AS times
    FROM derived.span AS s LEFT JOIN derived.span_step AS st ON st.sid = s.psid
    WHERE s.parent_span_id IS NOT NULL
    GROUP BY s.service, s.name, s.psid IS NULL, st.step
),
usual AS (
    SELECT e.service, e.name, c.service AS caller_service, c.namespace AS caller_namespace, c.name AS caller_name,
        count(*) AS times, quantile_disc(c.end_ns - c.start_ns, 0.99) AS p99_ns
    FROM seen AS e JOIN derived.step AS c ON c.step = e.caller
    GROUP BY e.service, e.name, c.service, c.namespace, c.name
    QUALIFY row_number() OVER (
        PARTITION BY e.service, e.name ORDER BY count(*) DESC, c.service, c.name, c.namespace) = 1
),
total AS (
    SELECT service, name, sum(times)::BIGINT AS refs, coalesce(sum(times) FILTER (missing), 0)::BIGINT AS missing
    FROM seen GROUP BY service, name
)
SELECT t.*, u.caller_service, u.caller_namespace, u.caller_name, u.times, u.p99_ns,
    -- Always missing here: an uninstrumented gateway, or sampling of the fleet.
    t.missing > CASE WHEN t.refs >= 10 THEN 0.2 ELSE 0.5 END * t.refs OR u.times IS NULL AS always_missing
FROM total AS t LEFT JOIN usual AS u USING (service, name)
