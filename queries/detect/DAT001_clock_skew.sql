-- code: DAT001
-- title: Clock skew
-- family: data
-- severity: info
-- meaning: Two instances disagree on the time: children begin before their parents, or messages are worked
--   on before they are sent, steadily. Or one instance lives in another century. Order is taken from cause, so nothing else is wrong.
-- cause: The clocks of the hosts are not synchronised.
-- action: Check time synchronisation on the named hosts.
-- unless: The difference is within jitter (10 ms), or seen in less than half of their calls.
WITH edge AS (
    SELECT coalesce(p.instance, p.service) AS from_instance, coalesce(c.instance, c.service) AS to_instance,
        p.service AS from_service, c.service AS to_service, c.namespace AS to_namespace,
        c.start_ns - p.start_ns AS late_ns,
        -- NTP's estimate for a call that returned (RFC 5905, section 8); the lower bound for a message.
        CASE WHEN c.kind = 2 AND p.kind = 3 THEN ((c.start_ns - p.start_ns) + (c.end_ns - p.end_ns)) / 2
            ELSE c.start_ns - p.start_ns END AS offset_ns,
        c.trace_id, c.span_id, c.start_ns, c.end_ns
    FROM derived.span AS c JOIN derived.span AS p ON p.sid = c.psid
    WHERE (c.kind = 2 AND p.kind = 3) OR (c.kind = 5 AND p.kind = 4) OR c.service != p.service
    UNION ALL
    -- Worked on in a trace of its own. One message a span: a long one may take up many.
    SELECT coalesce(p.instance, p.service), coalesce(c.instance, c.service), p.service, c.service, c.namespace,
        c.start_ns - p.start_ns, c.start_ns - p.start_ns, c.trace_id, c.span_id, c.start_ns, c.end_ns
    FROM (
        SELECT sid, min(mid) AS mid FROM derived.reception
        WHERE how IN ('link', 'message id', 'offset') AND operation = 'process' AND mid >= 0 AND NOT doubled
        GROUP BY sid HAVING count(DISTINCT mid) = 1
    ) AS r
    JOIN derived.span AS c USING (sid)
    JOIN derived.span AS p ON p.sid = r.mid
    -- Otherwise its batch is what began before.
    WHERE NOT EXISTS (SELECT 1 FROM derived.reception AS o WHERE o.sid = c.psid)
),
pair AS (
    SELECT from_instance, to_instance, from_service, to_service, min(to_namespace) AS to_namespace, count(*) AS calls,
        count(*) FILTER (late_ns < -10000000) AS before,
        median(offset_ns) FILTER (late_ns < -10000000) AS offset_ns,
        arg_min(trace_id, (start_ns, span_id)) FILTER (late_ns < -10000000) AS trace_id,
        arg_min(span_id, (start_ns, span_id)) FILTER (late_ns < -10000000) AS span_id,
        min(start_ns) FILTER (late_ns < -10000000) AS since_ns, max(end_ns) FILTER (late_ns < -10000000) AS seen_ns
    FROM edge WHERE from_instance != to_instance
        AND abs(late_ns) < 365 * 86400000000000
    GROUP BY from_instance, to_instance, from_service, to_service
),
calendar AS (
    SELECT coalesce(s.instance, s.service) AS instance, s.service, min(s.namespace) AS namespace,
        count(*) AS spans, arg_min(s.trace_id, (s.span_id, s.trace_id)) AS trace_id, min(s.span_id) AS span_id,
        max(abs(s.end_ns - x.newest_ns)) AS off_ns, max(x.newest_ns) AS newest_ns, max(s.end_ns) AS worst_ns
    FROM derived.span AS s JOIN derived.source AS x USING (source_id)
    WHERE s.end_ns > x.newest_ns + 3600000000000 OR s.start_ns < 946684800000000000
    GROUP BY s.instance, s.service
)
SELECT
    printf('%s %s > %s %s', from_service, from_instance, to_service, to_instance) AS anchor, []::BIGINT[] AS eids,
    to_service AS service, NULL AS step, 'service' AS owner_kind, to_service AS owner_name, to_namespace AS owner_namespace,
    trace_id, [span_id] AS span_ids, since_ns, seen_ns,
    printf('the clock of %s (%s) is about %.0f ms behind that of %s (%s): its spans begin before their parents in %d of %d calls',
        to_service, to_instance, -offset_ns / 1e6, from_service, from_instance, before, calls) AS message,
    json_object('from_instance', from_instance, 'to_instance', to_instance, 'offset_ns', offset_ns::BIGINT,
        'calls', calls, 'before_parent', before) AS evidence,
    printf('Check time synchronisation on the hosts of %s and %s.', from_service, to_service) AS next_action
FROM pair
WHERE before >= CASE WHEN calls < 3 THEN calls ELSE 3 END AND before * 2 >= calls AND before > 0
UNION ALL
SELECT
    'calendar ' || service || ' ' || instance, []::BIGINT[], service, NULL, 'service', service, namespace,
    trace_id, [span_id], newest_ns, newest_ns,
    printf('the clock of %s (%s) says %s; the rest of its source is at %s', service, instance,
        strftime(utc(least(worst_ns, 9223372036854775806)), '%Y-%m-%d %H:%M'), strftime(utc(newest_ns), '%Y-%m-%d %H:%M')),
    json_object('instance', instance, 'spans', spans, 'off_ns', off_ns),
    printf('Check the clock of %s.', service)
FROM calendar
