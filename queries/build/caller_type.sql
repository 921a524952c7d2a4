-- For each kind of step, the step that usually calls it, and how often its caller is missing.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH ref AS (
    SELECT t.service, t.name, t.step, t.psid IS NULL AS missing, ct.service AS caller_service, ct.namespace AS caller_namespace,
        ct.name AS caller_name, ct.end_ns - ct.start_ns AS caller_lasted_ns
    FROM derived.step AS t LEFT JOIN derived.step AS ct ON ct.step = t.caller
    WHERE t.parent_span_id IS NOT NULL
),
usual AS (
    SELECT service, name, caller_service, caller_namespace, caller_name, count(*) AS times,
        quantile_disc(caller_lasted_ns, 0.99) AS p99_ns
    FROM ref WHERE NOT missing
    GROUP BY service, name, caller_service, caller_namespace, caller_name
    QUALIFY row_number() OVER (PARTITION BY service, name ORDER BY count(*) DESC, caller_service, caller_name) = 1
),
total AS (SELECT service, name, count(*) AS refs, count(*) FILTER (missing) AS missing FROM ref GROUP BY ALL)
SELECT t.*, u.caller_service, u.caller_namespace, u.caller_name, u.times, u.p99_ns,
    -- Always missing here: an uninstrumented gateway, or sampling of the fleet.
    t.missing > CASE WHEN t.refs >= 10 THEN 0.2 ELSE 0.5 END * t.refs OR u.times IS NULL AS always_missing
FROM total AS t LEFT JOIN usual AS u USING (service, name)
