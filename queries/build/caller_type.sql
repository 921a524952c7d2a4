-- For each kind of span, the step that usually is above it, how long after it such a child begins, and
-- how often its parent is missing. One that may still be at work, by how long such callers last, is not.
-- waits: the step above nearly always waits for it, as who calls does.
CREATE OR REPLACE TABLE derived.caller_type AS
WITH kind AS MATERIALIZED (
    SELECT step, caller, hash(text_hash(service), text_hash(namespace), text_hash(name)) AS kind,
        coalesce(kind != 5 AND parent_kind != 4 AND end_ns - start_ns <= parent_ns, false) AS waits
    FROM derived.step
),
-- The step above a span is its own, unless it begins one. Before the spans are met: by numbers alone.
above AS MATERIALIZED (
    SELECT t.sid, k.kind, false AS waits FROM derived.span_step AS t JOIN kind AS k USING (step) WHERE t.sid != t.step
    UNION ALL
    SELECT s.step, k.kind, s.waits FROM kind AS s JOIN kind AS k ON k.step = s.caller
),
counted AS (
    SELECT any_value(s.service) AS service, any_value(s.name) AS name, a.kind,
        count(*) AS times, count(*) FILTER (a.waits) AS waited, quantile_disc(greatest(s.start_ns - s.parent_start_ns, 0), 0.99) AS p99_lead_ns
    FROM derived.span AS s JOIN above AS a USING (sid)
    WHERE s.psid IS NOT NULL
    GROUP BY hash(text_hash(s.service), text_hash(s.name)), a.kind
),
lasted AS (
    SELECT service, namespace, name, hash(text_hash(service), text_hash(namespace), text_hash(name)) AS kind, quantile_disc(end_ns - start_ns, 0.99) AS p99_ns
    FROM derived.step GROUP BY service, namespace, name
),
seen AS (
    SELECT c.service, c.name, l.service AS caller_service, l.namespace AS caller_namespace, l.name AS caller_name,
        c.times, c.waited, c.p99_lead_ns, l.p99_ns
    FROM counted AS c JOIN lasted AS l USING (kind)
),
usual AS (
    SELECT * FROM seen
    QUALIFY row_number() OVER (
        PARTITION BY service, name ORDER BY times DESC, caller_service, caller_name, caller_namespace) = 1
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
        SELECT service, name, sum(times)::BIGINT AS refs
        FROM (
            SELECT service, name, times FROM seen
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
