-- For every candidate: how its values join traces, name single traces, and are reused (section 5.1).
CREATE OR REPLACE TEMP TABLE b_key_statistics AS
WITH in_trace AS (
    SELECT v.vid, v.trace_id, any_value(v.name) AS name, bool_or(v.sid = t.root_sid) AS on_root,
        min(v.service) AS low, max(v.service) AS high,
        any_value(hash(text_hash(t.root_service), text_hash(t.root_name))) AS root, any_value(t.start_ns) AS start_ns
    FROM b_key_value AS v JOIN derived.trace AS t USING (trace_id)
    GROUP BY v.vid, v.trace_id
),
-- The kinds of traces a value is in: which began first is its own, and begins again where it is reused. Within a minute
-- that is another try, of who pressed a button twice or lost the answer; unless many values do, as customers under load.
by_root AS (
    SELECT vid, root, any_value(name) AS name, count(*) AS traces, min(start_ns) AS start_ns, max(start_ns) - min(start_ns) AS apart_ns,
        min(low) AS low, max(high) AS high
    FROM in_trace GROUP BY vid, root
),
by_value AS (
    SELECT vid, any_value(name) AS name, sum(traces)::BIGINT AS traces, arg_min(traces, start_ns) AS starts, arg_min(apart_ns, start_ns) AS apart_ns,
        min(low) != max(high) AS passed_on
    FROM by_root GROUP BY vid
),
joined AS (
    SELECT name,
        count(*) AS values_seen,
        sum(traces) AS traces,
        max(traces) AS most_traces,
        count(*) FILTER (traces >= 2 AND passed_on) AS joining,
        count(*) FILTER (starts >= 2) AS again,
        CASE WHEN again > 0.2 * values_seen THEN again ELSE count(*) FILTER (starts >= 2 AND apart_ns > 60000000000) END AS reused
    FROM by_value GROUP BY name
),
width AS (SELECT name, count(DISTINCT service) AS services, count(DISTINCT sid) AS spans FROM b_key_value GROUP BY name),
trace_total AS (SELECT hash(text_hash(root_service), text_hash(root_name)) AS root, count(*) AS total FROM derived.trace GROUP BY root),
-- One value, on the entry span, of which no other trace of the kind begins: what some values join does not count against
-- it, as where few orders are shipped in batches.
trace_named AS (
    SELECT i.name, i.trace_id, any_value(i.root) AS root, count(*) = 1 AND bool_and(i.on_root) AND bool_and(b.starts = 1) AS names
    FROM in_trace AS i JOIN by_value AS b USING (vid)
    GROUP BY i.name, i.trace_id
),
named AS (
    SELECT n.name, n.root, count(*) FILTER (n.names) * $one_in / any_value(t.total) AS share
    FROM trace_named AS n JOIN trace_total AS t USING (root)
    GROUP BY n.name, n.root
)
SELECT j.name, any_value(c.plain_name) AS plain_name, any_value(c.barred) AS barred, any_value(c.enduring) AS enduring, any_value(c.technical) AS technical,
    j.values_seen, j.traces, w.services, w.spans, j.most_traces,
    j.joining / j.values_seen AS joins_share,
    least(1.0, (SELECT max(share) FROM named AS n WHERE n.name = j.name)) AS names_share,
    j.reused / j.values_seen AS reused_share,
    -- Twenty values or fewer cannot show 2%: one restart is forgiven from ten values on.
    j.reused <= CASE WHEN j.values_seen < 10 THEN 0 ELSE greatest(1, 0.02 * j.values_seen) END AS rarely_reused,
    regexp_matches(j.name, '(^|[._-])(id|ids|no|nr|num|number|key|uuid|guid|ref|reference)$|[a-z](Id|Ids|ID|IDs|No|Nr|Num|Number|Key|Uuid|UUID|Guid|GUID|Ref|Reference)$') AS id_like
FROM joined AS j
JOIN width AS w USING (name)
JOIN (SELECT DISTINCT name, plain_name, barred, enduring, technical FROM b_candidate) AS c USING (name)
GROUP BY ALL
