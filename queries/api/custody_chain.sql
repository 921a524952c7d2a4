-- The whole custody of $execution, one row a stretch that somebody held it: at each moment the rows that
-- cover it are the holders that api/custody_at tells of that moment. A caller waits while a callee that it
-- called holds; a queue holds from the publication to the first reception of each consumer group, and from a try that
-- failed to the next one; when nobody holds it, the owner of the next step is awaited. What is open now has no end.
-- ended_by: call, return, message, receive, begin, end; null while it is held.
WITH step AS (
    SELECT * FROM steps WHERE execution = $execution AND NOT is_virtual
),
handoff AS (
    SELECT *, make_timestamp_ns(epoch_ns(started_at) - greatest(wait_ns, 0)) AS published_at
    FROM handoffs WHERE execution = $execution
),
-- How each step was reached; where in several ways, by the first.
arrival AS (
    SELECT to_step AS step, arg_min(h, (h.started_at, h.from_step)) AS h
    FROM handoff AS h WHERE from_step <> to_step GROUP BY to_step
),
callee AS (
    SELECT h.from_step AS step, c.step AS callee, c.started_at, c.ended_at, h.evidence, h.to_service, h.to_team, h.boundary
    FROM handoff AS h JOIN step AS c ON c.step = h.to_step
    WHERE h.mode = 'sync' AND h.from_step <> h.to_step AND c.ended_at > c.started_at
),
-- A step holds where no callee runs: between the last end of the callees so far and the next one's start.
cut AS (
    SELECT s.step, c.started_at AS cut_start, c.ended_at AS cut_end, c.callee, c.to_service, c.to_team, c.boundary, c.evidence
    FROM step AS s JOIN callee AS c USING (step)
    WHERE c.started_at < s.ended_at AND c.ended_at > s.started_at
    UNION ALL
    SELECT step, ended_at, NULL, NULL, NULL, NULL, NULL, NULL FROM step
),
piece AS (
    SELECT s.*, greatest(s.started_at, coalesce(max(c.cut_end) OVER earlier, s.started_at)) AS since,
        c.cut_start AS until, c.callee, c.to_service, c.to_team, c.boundary, c.evidence
    FROM step AS s JOIN cut AS c USING (step)
    WINDOW earlier AS (PARTITION BY s.step ORDER BY c.cut_start, c.cut_end NULLS LAST, c.callee
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
),
-- What a step passed on when it ended: the answer to a caller that still ran, or the last it published.
answered AS (
    SELECT h.to_step AS step, arg_max(f, (f.started_at, f.step)) AS caller, any_value(h.evidence) AS evidence, bool_or(h.boundary) AS boundary
    FROM handoff AS h
    JOIN step AS f ON f.step = h.from_step
    JOIN step AS t ON t.step = h.to_step
    WHERE h.mode = 'sync' AND f.step <> t.step AND f.ended_at > t.ended_at AND f.started_at <= t.ended_at
    GROUP BY h.to_step
),
own_step AS (
    SELECT step FROM derived.execution_step JOIN derived.execution USING (eid) WHERE execution = $execution
),
sent_here AS (
    SELECT mid FROM messages_in((SELECT list(eid) FROM derived.execution WHERE execution = $execution))
),
queue_owner AS (SELECT name, namespace, any_value(team) AS team FROM owners WHERE kind = 'destination' GROUP BY ALL),
message AS (
    SELECT m.*, utc(m.published_ns) AS published_at, hex_trace_id(m.trace_id) AS producer_trace_id, o.team
    FROM derived.message AS m
    SEMI JOIN sent_here USING (mid)
    SEMI JOIN own_step AS x ON x.step = m.producer_step
    LEFT JOIN queue_owner AS o ON o.name = m.destination AND o.namespace IS NOT DISTINCT FROM m.system
),
sent AS (
    SELECT s.step, arg_max({'to': m.destination, 'team': m.team, 'id': m.message_id}, (m.published_at, m.span_id)) AS to_queue
    FROM step AS s
    JOIN message AS m ON m.producer_trace_id = s.trace_id AND m.producer_service = s.service
        AND m.published_at >= s.started_at AND m.published_at <= s.ended_at
    GROUP BY s.step
),
passed AS (
    SELECT from_step AS step, arg_max(h, (h.published_at, h.to_step)) AS h
    FROM handoff AS h WHERE mode = 'async' AND from_step <> to_step GROUP BY from_step
),
-- Who holds it now may have no step yet: its span has not come.
team_of AS (
    SELECT service, any_value(team) AS team FROM (
        SELECT service, team FROM step
        UNION ALL SELECT holder, team FROM custody WHERE execution = $execution AND holder_kind = 'service'
    ) GROUP BY service
),
stretch AS (
    SELECT p.service AS holder, 'service' AS holder_kind, 'executing ' || p.name AS state, p.team, p.since, p.until,
        CASE
            WHEN p.callee IS NOT NULL THEN 'call' WHEN a.step IS NOT NULL THEN 'return'
            WHEN q.step IS NOT NULL OR x.h.type = 'message' THEN 'message' WHEN x.step IS NOT NULL THEN x.h.type ELSE 'end'
        END AS ended_by,
        CASE WHEN p.callee IS NOT NULL THEN p.to_service WHEN a.step IS NOT NULL THEN a.caller.service
            WHEN q.step IS NOT NULL THEN q.to_queue.to ELSE coalesce(x.h.destination, x.h.to_service) END AS to_holder,
        CASE WHEN p.callee IS NOT NULL THEN p.to_team WHEN a.step IS NOT NULL THEN a.caller.team
            WHEN q.step IS NOT NULL THEN q.to_queue.team ELSE x.h.to_team END AS to_team,
        CASE WHEN p.callee IS NOT NULL THEN p.boundary WHEN a.step IS NOT NULL THEN a.boundary
            WHEN q.step IS NOT NULL THEN q.to_queue.team IS DISTINCT FROM p.team ELSE x.h.boundary END AS boundary,
        json_merge_patch('{}', json_object('step', p.step, 'status', p.status, 'attempt', p.attempt,
            'handoff', CASE WHEN p.callee IS NOT NULL THEN p.evidence WHEN a.step IS NOT NULL THEN a.evidence
                WHEN q.step IS NOT NULL THEN 'published' || coalesce(' ' || q.to_queue.id, '') ELSE x.h.evidence END,
            'before_its_cause_ns', CASE WHEN r.h.wait_ns < 0 THEN -r.h.wait_ns END)) AS evidence
    FROM piece AS p
    LEFT JOIN answered AS a ON a.step = p.step AND p.callee IS NULL
    LEFT JOIN sent AS q ON q.step = p.step AND p.callee IS NULL
    LEFT JOIN passed AS x ON x.step = p.step AND p.callee IS NULL
    LEFT JOIN arrival AS r ON r.step = p.step
    -- A step of no duration held it, too; one that its callees fill did not.
    WHERE p.since < p.until OR p.started_at = p.ended_at
    UNION ALL
    SELECT m.holder, 'queue', m.state, o.team, m.since, m.until,
        'receive', m.taken_by, t.team, o.team IS DISTINCT FROM t.team,
        json_merge_patch('{}', json_object('message', m.message_id, 'producer', m.producer_service, 'consumer_group', m.consumer_group))
    FROM waits_of((SELECT list(mid) FROM sent_here)) AS m
    SEMI JOIN own_step AS x ON x.step = m.producer_step
    LEFT JOIN queue_owner AS o ON o.name = m.holder AND o.namespace IS NOT DISTINCT FROM m.system
    LEFT JOIN team_of AS t ON t.service = m.taken_by
    UNION ALL
    SELECT holder, holder_kind, state, team, since, NULL, NULL, NULL, NULL, NULL, evidence
    FROM custody WHERE execution = $execution AND holder_kind <> 'done'
),
covered AS (
    SELECT since, max(coalesce(until, make_timestamp_ns(9223372036854775806))) OVER (
        ORDER BY since, until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS held_until
    FROM stretch WHERE since IS NOT NULL
),
gap AS (SELECT held_until AS since, since AS until FROM covered WHERE since > held_until),
awaited AS (
    SELECT g.since, g.until, arg_min(s, (s.started_at, s.step)) AS s
    FROM gap AS g JOIN step AS s ON s.started_at >= g.until GROUP BY ALL
),
everything AS (
    SELECT * FROM stretch
    UNION ALL
    SELECT w.s.service, 'between', 'before ' || w.s.name, w.s.team, w.since, w.until, 'begin', w.s.service, w.s.team, false,
        json_merge_patch('{}', json_object('step', w.s.step, 'handoff', r.h.evidence))
    FROM awaited AS w LEFT JOIN arrival AS r ON r.step = w.s.step
    UNION ALL
    SELECT holder, holder_kind, state, team, since, NULL, NULL, NULL, NULL, NULL, evidence
    FROM custody WHERE execution = $execution AND holder_kind = 'done'
)
SELECT
    $execution AS execution,
    row_number() OVER (ORDER BY since, until NULLS LAST, holder_kind, holder, state)::INTEGER AS number,
    holder, holder_kind, state, team, since, until,
    CASE WHEN until IS NOT NULL THEN epoch_ns(until) - epoch_ns(since) END AS held_ns,
    ended_by, to_holder, to_team, boundary, evidence
FROM everything
ORDER BY number
LIMIT $limit
