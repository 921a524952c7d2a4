-- code: DAT001
-- title: Clock skew
-- family: data
-- severity: info
-- meaning: Two instances disagree on the time: children begin before their parents, or messages are worked
--   on before they are sent, steadily; or calls return before what they waited for has ended. Or one
--   instance lives in another century. Order is taken from cause, so nothing else is wrong.
-- cause: The clocks of the hosts are not synchronised.
-- action: Check time synchronisation on the named hosts.
-- unless: The difference is within jitter (10 ms), or seen in less than half of their calls. A callee that
--   ends after its call may be detached or a stream: its clock is ahead only where it lasted no longer than
--   the call, by more than the call leaves open, in three calls or more that agree on the offset.
WITH who AS (SELECT resource_id, service, namespace, coalesce(instance, service) AS instance FROM store.resource),
-- By numbers alone: every hand-off is one.
edge AS (
    SELECT p.resource_id AS from_id, c.resource_id AS to_id, c.sid, c.start_ns - p.start_ns AS late_ns,
        -- Of a callee that its caller waited for: it cannot have ended after the call returned. Where it lasted
        -- longer, or its caller gave up or sent a message, nobody waited.
        CASE WHEN c.kind = 2 AND p.kind = 3 AND NOT p.failed AND c.end_ns - c.start_ns <= p.end_ns - p.start_ns
                AND p.sid NOT IN (SELECT sid FROM derived.span_field WHERE kind = 3 AND operation IS NOT NULL) THEN c.end_ns - p.end_ns END AS over_ns,
        -- NTP's estimate for a call that returned (RFC 5905, section 8); the lower bound for a message.
        CASE WHEN c.kind = 2 AND p.kind = 3 THEN ((c.start_ns - p.start_ns) + (c.end_ns - p.end_ns)) / 2
            ELSE c.start_ns - p.start_ns END AS offset_ns
    FROM derived.span AS c JOIN derived.span AS p ON p.sid = c.psid
    WHERE c.is_entry AND ((c.kind = 2 AND p.kind = 3) OR (c.kind = 5 AND p.kind = 4) OR c.service != p.service)
    UNION ALL
    -- Worked on in a trace of its own. One message a span: a long one may take up many.
    SELECT p.resource_id, c.resource_id, c.sid, c.start_ns - p.start_ns, NULL, c.start_ns - p.start_ns
    FROM (
        SELECT sid, min(mid) AS mid FROM derived.reception
        WHERE how IN ('link', 'message id', 'offset') AND operation = 'process' AND mid >= 0 AND NOT doubled
        GROUP BY sid HAVING min(mid) = max(mid)
    ) AS r
    JOIN derived.span AS c USING (sid)
    JOIN derived.span AS p ON p.sid = r.mid
    -- Otherwise its batch is what began before.
    WHERE NOT EXISTS (SELECT 1 FROM derived.reception AS o WHERE o.sid = c.psid)
),
seen AS (
    -- The true offset lies between over_ns and late_ns: ahead, where it is further off than the two are apart.
    SELECT *, CASE WHEN late_ns < -10000000 THEN 'behind'
        WHEN over_ns > greatest(10000000, late_ns - over_ns) THEN 'ahead' END AS clock
    FROM edge WHERE abs(late_ns) < 365 * 86400000000000
),
pair AS (
    SELECT f.instance AS from_instance, t.instance AS to_instance, f.service AS from_service, t.service AS to_service,
        min(t.namespace) AS to_namespace, sum(n.calls)::BIGINT AS calls, sum(n.before)::BIGINT AS before, sum(n.beyond)::BIGINT AS beyond
    FROM (
        SELECT from_id, to_id, count(*) AS calls,
            count(*) FILTER (clock = 'behind') AS before, count(*) FILTER (clock = 'ahead') AS beyond
        FROM seen GROUP BY from_id, to_id
    ) AS n
    JOIN who AS f ON f.resource_id = n.from_id
    JOIN who AS t ON t.resource_id = n.to_id AND t.instance != f.instance
    GROUP BY ALL
),
-- What is off of the pairs that are off, in a steady direction.
off AS (
    SELECT from_instance, to_instance, from_service, to_service, t.namespace AS to_namespace, s.late_ns, s.over_ns, s.offset_ns, s.clock,
        c.trace_id, c.span_id, c.start_ns, c.end_ns, p.calls, p.before, p.beyond,
        lag(c.start_ns) OVER w AS last_start_ns, lag(s.over_ns) OVER w AS last_over_ns, lag(s.late_ns) OVER w AS last_late_ns
    FROM (SELECT * FROM seen WHERE clock IS NOT NULL) AS s
    JOIN who AS f ON f.resource_id = s.from_id
    JOIN who AS t ON t.resource_id = s.to_id
    JOIN pair AS p ON p.from_instance = f.instance AND p.to_instance = t.instance AND p.from_service = f.service AND p.to_service = t.service
    JOIN derived.span AS c USING (sid)
    WHERE (s.clock = 'behind' AND p.before >= least(p.calls, 3) AND p.before * 2 >= p.calls)
        OR (s.clock = 'ahead' AND p.beyond >= 3 AND p.beyond * 2 > p.calls)
    WINDOW w AS (PARTITION BY from_instance, to_instance, from_service, to_service ORDER BY c.start_ns, c.span_id)
),
skew AS (
    SELECT from_instance, to_instance, from_service, to_service, min(to_namespace) AS to_namespace, any_value(clock) AS clock,
        any_value(calls) AS calls, any_value(before) AS before, any_value(beyond) AS beyond, median(offset_ns) AS offset_ns,
        arg_min(trace_id, (start_ns, span_id)) AS trace_id, arg_min(span_id, (start_ns, span_id)) AS span_id,
        min(start_ns) AS since_ns, max(end_ns) AS seen_ns
    FROM off GROUP BY from_instance, to_instance, from_service, to_service
    -- One offset explains a call and the next one, but for a clock's drift (100 ppm) and rounding. No queue is so even.
    HAVING any_value(clock) = 'behind' OR count(*) FILTER (greatest(over_ns, last_over_ns) - least(late_ns, last_late_ns)
        <= 1000000 + (start_ns - last_start_ns) / 10000) * 10 >= (count(*) - 1) * 9
),
calendar AS (
    SELECT r.instance, r.service, min(r.namespace) AS namespace,
        count(*) AS spans, arg_min(s.trace_id, (s.span_id, s.trace_id)) AS trace_id, min(s.span_id) AS span_id,
        max(abs(s.end_ns - x.newest_ns)) AS off_ns, max(x.newest_ns) AS newest_ns, max(s.end_ns) AS worst_ns
    FROM derived.span AS s JOIN derived.source AS x USING (source_id) JOIN who AS r USING (resource_id)
    WHERE s.end_ns > x.newest_ns + 3600000000000 OR s.start_ns < 946684800000000000
    GROUP BY r.instance, r.service
)
SELECT
    printf('%s %s > %s %s', from_service, from_instance, to_service, to_instance) AS anchor, []::BIGINT[] AS eids,
    to_service AS service, NULL AS step, 'service' AS owner_kind, to_service AS owner_name, to_namespace AS owner_namespace,
    trace_id, [span_id] AS span_ids, since_ns, seen_ns,
    printf('the clock of %s (%s) is about %s %s that of %s (%s): its spans %s in %d of %d calls',
        to_service, to_instance,
        CASE WHEN abs(offset_ns) < 10000000000 THEN printf('%.0f ms', abs(offset_ns) / 1e6) ELSE printf('%.0f s', abs(offset_ns) / 1e9) END,
        CASE clock WHEN 'ahead' THEN 'ahead of' ELSE 'behind' END,
        from_service, from_instance,
        CASE clock WHEN 'ahead' THEN 'end after the calls that waited for them' ELSE 'begin before their parents' END,
        CASE clock WHEN 'ahead' THEN beyond ELSE before END, calls) AS message,
    json_object('from_instance', from_instance, 'to_instance', to_instance, 'offset_ns', offset_ns::BIGINT,
        'calls', calls, 'before_parent', before, 'after_return', beyond) AS evidence,
    printf('Check time synchronisation on the hosts of %s and %s.', from_service, to_service) AS next_action
FROM skew
UNION ALL
SELECT
    'calendar ' || service || ' ' || instance, []::BIGINT[], service, NULL, 'service', service, namespace,
    trace_id, [span_id], newest_ns, newest_ns,
    printf('the clock of %s (%s) says %s; the rest of its source is at %s', service, instance,
        strftime(utc(least(worst_ns, 9223372036854775806)), '%Y-%m-%d %H:%M'), strftime(utc(newest_ns), '%Y-%m-%d %H:%M')),
    json_object('instance', instance, 'spans', spans, 'off_ns', off_ns),
    printf('Check the clock of %s.', service)
FROM calendar
