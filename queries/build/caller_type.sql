-- For each kind of span, the step that usually is above it, how long after it such a child begins, and
-- how often its parent is missing. One that may still be at work, by how long such callers last, is not.
-- waits: the step above nearly always waits for it, as who calls does.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH often AS MATERIALIZED (SELECT service, name, count(*) AS refs FROM derived.span WHERE psid IS NOT NULL GROUP BY service, name),
-- One in so many tells as much as all, but of those of which that would be few. By when it began, for ids may be made anew.
looked_at AS MATERIALIZED (
    SELECT sid, service, name, greatest(start_ns - parent_start_ns, 0) AS lead_ns
    FROM derived.span WHERE psid IS NOT NULL AND hash(start_ns) % $one_in::UBIGINT = 0
    UNION ALL
    SELECT sid, service, name, greatest(start_ns - parent_start_ns, 0)
    FROM derived.span SEMI JOIN (SELECT service, name FROM often WHERE refs < 5000 * $one_in) AS o USING (service, name)
    WHERE psid IS NOT NULL AND hash(start_ns) % $one_in::UBIGINT != 0
),
-- The step above a span is its own, unless it begins one.
above AS (
    SELECT l.service, l.name, l.lead_ns, CASE WHEN t.step = t.sid THEN s.caller ELSE t.step END AS step,
        t.step = t.sid AND coalesce(s.kind != 5 AND s.parent_kind != 4 AND s.end_ns - s.start_ns <= s.parent_ns, false) AS waits
    FROM looked_at AS l JOIN derived.span_step AS t USING (sid) JOIN derived.step AS s ON s.step = t.step
),
counted AS (
    SELECT a.service, a.name, k.service AS caller_service, k.namespace AS caller_namespace, k.name AS caller_name,
        count(*) AS times, count(*) FILTER (a.waits) AS waited, quantile_disc(a.lead_ns, 0.99) AS p99_lead_ns
    FROM above AS a JOIN derived.step AS k USING (step)
    GROUP BY ALL
),
lasted AS (
    SELECT service, namespace, name, quantile_disc(end_ns - start_ns, 0.99) AS p99_ns FROM derived.step GROUP BY service, namespace, name
),
usual AS (
    SELECT c.*, l.p99_ns
    FROM counted AS c
    JOIN lasted AS l ON l.service = c.caller_service AND l.name = c.caller_name AND l.namespace IS NOT DISTINCT FROM c.caller_namespace
    QUALIFY row_number() OVER (
        PARTITION BY c.service, c.name ORDER BY c.times DESC, c.caller_service, c.caller_name, c.caller_namespace) = 1
),
absent AS (
    SELECT s.service, s.name, count(*) AS missing, count(DISTINCT s.start_ns // 60000000000) AS minutes
    FROM derived.span AS s
    JOIN derived.source AS x USING (source_id)
    LEFT JOIN usual AS u ON u.service = s.service AND u.name = s.name
    WHERE s.parent_span_id IS NOT NULL AND s.psid IS NULL AND x.horizon_ns - s.start_ns > coalesce(u.p99_ns, 0)
    GROUP BY s.service, s.name
),
-- A page or an app on somebody's device: it may be closed before it tells.
device AS (
    SELECT DISTINCT r.service, r.namespace
    FROM store.resource AS r JOIN store.shape AS h USING (shape_id)
    WHERE len(list_filter(h.keys, lambda k: starts_with(k, 'browser.') OR starts_with(k, 'device.'))) > 0
        OR r.vals[list_position(h.keys, 'telemetry.sdk.language')] IN ('webjs', 'swift')
),
total AS (
    SELECT t.service, t.name, t.refs, coalesce(a.missing, 0) AS missing, coalesce(a.minutes, 0) AS minutes
    FROM (
        SELECT service, name, sum(refs)::BIGINT AS refs
        FROM (
            SELECT service, name, refs FROM often
            UNION ALL
            SELECT service, name, count(*) FROM derived.span WHERE parent_span_id IS NOT NULL AND psid IS NULL GROUP BY service, name
        )
        GROUP BY service, name
    ) AS t
    LEFT JOIN absent AS a USING (service, name)
)
SELECT t.* EXCLUDE (minutes), u.caller_service, u.caller_namespace, u.caller_name, u.times, u.p99_lead_ns, u.p99_ns,
    coalesce(u.waited >= 0.95 * u.times, false) AS waits,
    -- Always missing here: an uninstrumented gateway, or sampling of the fleet; or so regularly (5%, in
    -- ten different minutes) that it is a filter, a browser that does not tell, and no accident.
    t.missing > CASE WHEN t.refs >= 10 THEN 0.2 ELSE 0.5 END * t.refs OR u.times IS NULL
        OR (t.minutes >= 10 AND t.missing > 0.05 * t.refs) OR d.service IS NOT NULL AS always_missing
FROM total AS t
LEFT JOIN usual AS u USING (service, name)
LEFT JOIN device AS d ON d.service = u.caller_service AND d.namespace IS NOT DISTINCT FROM u.caller_namespace
