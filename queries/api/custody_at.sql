-- Who held an execution at $at_ns, in hindsight (design sections 8 and 10): a step holds from its start
-- to its end, a queue from the publication to the first reception, and from a failed try to the next, and between them the step that came
-- next is awaited. What is open now was open since then.
WITH moment AS (SELECT make_timestamp_ns($at_ns::BIGINT) AS instant),
of AS (
    SELECT eid, execution FROM derived.execution
    WHERE ($execution IS NULL OR execution = $execution) AND start_ns <= $at_ns::BIGINT
),
-- Said once more where the views are read, for a join with the one execution asked for reads them whole.
step AS (
    SELECT s.* FROM steps AS s JOIN of USING (execution)
    WHERE NOT s.is_virtual AND ($execution IS NULL OR s.execution = $execution)
),
running AS (
    SELECT s.* FROM step AS s, moment WHERE s.started_at <= instant AND s.ended_at > instant
),
-- A caller waits while a callee that it called runs; the deepest one holds.
waiting_caller AS (
    SELECT h.execution, h.from_step AS step
    FROM handoffs AS h
    JOIN running AS c ON c.execution = h.execution AND c.step = h.to_step
    WHERE h.mode = 'sync' AND h.from_step <> h.to_step AND ($execution IS NULL OR h.execution = $execution)
),
open_now AS (
    SELECT c.* FROM custody AS c JOIN of USING (execution), moment
    WHERE c.holder_kind <> 'done' AND c.since <= instant AND ($execution IS NULL OR c.execution = $execution)
),
held AS (
    SELECT r.execution, r.service AS holder, 'service' AS holder_kind, 'executing ' || r.name AS state,
        r.started_at AS since, r.team, json_object('step', r.name, 'span_id', r.span_id) AS evidence
    FROM running AS r ANTI JOIN waiting_caller USING (execution, step)
    UNION ALL
    SELECT of.execution, m.holder, 'queue', m.state, m.since, o.team,
        json_object('message', m.message_id, 'producer', m.producer_service, 'consumer_group', m.consumer_group)
    FROM waits_of((SELECT list(mid) FROM messages_in((SELECT list(eid) FROM of)))) AS m
    JOIN derived.execution_step AS x ON x.step = m.producer_step
    JOIN of USING (eid)
    JOIN moment ON m.since <= instant AND m.until > instant
    LEFT JOIN (SELECT name, namespace, any_value(team) AS team FROM owners WHERE kind = 'destination' GROUP BY ALL) AS o
        ON o.name = m.holder AND o.namespace IS NOT DISTINCT FROM m.system
    UNION ALL
    SELECT execution, holder, holder_kind, state, since, team, evidence FROM open_now
),
next_step AS (
    SELECT s.execution, arg_min({'service': s.service, 'team': s.team, 'name': s.name}, (s.started_at, s.step)) AS step
    FROM step AS s, moment
    WHERE s.started_at > instant
    GROUP BY s.execution
),
last_end AS (
    SELECT s.execution, max(s.ended_at) AS ended_at
    FROM step AS s, moment
    WHERE s.ended_at <= instant
    GROUP BY s.execution
),
everything AS (
    SELECT * FROM held
    UNION ALL
    SELECT n.execution, n.step.service, 'between', 'before ' || n.step.name, l.ended_at, n.step.team, json_object('step', n.step.name)
    FROM next_step AS n LEFT JOIN last_end AS l USING (execution)
    WHERE n.execution NOT IN (SELECT execution FROM held)
    UNION ALL
    SELECT c.execution, c.holder, c.holder_kind, c.state, c.since, c.team, c.evidence
    FROM custody AS c JOIN of USING (execution), moment
    WHERE c.holder_kind = 'done' AND c.since <= instant AND ($execution IS NULL OR c.execution = $execution)
        AND c.execution NOT IN (SELECT execution FROM held) AND c.execution NOT IN (SELECT execution FROM next_step)
)
SELECT
    execution, row_number() OVER (PARTITION BY execution ORDER BY since, holder_kind, holder)::INTEGER AS branch,
    holder, holder_kind, state, since, team, evidence
FROM everything
ORDER BY since, execution, branch
LIMIT $limit
