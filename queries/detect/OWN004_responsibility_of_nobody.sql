-- code: OWN004
-- title: A responsibility that nobody has
-- family: ownership
-- severity: medium
-- meaning: Several teams take part, and for something that happens to all of them there is nobody: no
--   owner of the workflow from end to end; or work that failed behind an asynchronous boundary and
--   that nobody tried again, put aside, undid or was told of; or messages that nobody takes and that
--   no file says whose they are.
-- cause: Each team owns its side of the boundary, and what lies between them was given to none.
-- action: Name an owner of the workflow or destination in ownership.yaml, or give the failures
--   somewhere to go: a retry, a dead-letter queue, a compensation.
-- unless: The workflow is declared to have an owner, or on purpose none; only one team takes part; an
--   owner is missing for a reason that is a finding itself; some of the failures were handled; a
--   dead-letter queue is seen or declared; or no file declares any destination.
-- param: least_failures BIGINT = 3      how many executions must have failed with nobody acting
-- param: least_messages BIGINT = 30     how many messages that nobody took
WITH team_of AS (
    SELECT name, namespace, any_value(team) AS team, any_value(rule) AS rule
    FROM derived.owner WHERE kind = 'service' GROUP BY ALL
),
workflow_of AS (
    SELECT name AS workflow, any_value(team) AS team, any_value(rule) AS rule, any_value(source) AS source,
        regexp_replace(any_value(source), '^(started|orchestrated) by ', '') AS service
    FROM derived.owner WHERE kind = 'workflow' GROUP BY name
),
-- Workflows of several teams, none of which answers for the whole.
ownerless AS (
    SELECT w.* FROM workflow_of AS w
    WHERE w.team IS NULL AND w.rule IN ('no-match', 'started-by', 'orchestrator')
        AND NOT EXISTS (
            SELECT 1 FROM team_of AS t
            WHERE t.name = w.service AND t.rule IN ('no-match', 'no-identity', 'dangling-reference'))
),
whole AS (
    SELECT o.workflow, o.rule, o.source, count(DISTINCT x.eid) AS executions,
        list(DISTINCT t.team ORDER BY t.team) FILTER (t.team IS NOT NULL) AS teams,
        min(s.start_ns) AS first_ns, max(s.end_ns) AS last_ns
    FROM ownerless AS o
    JOIN derived.execution AS e ON e.workflow = o.workflow
    JOIN derived.execution_step AS x ON x.eid = e.eid
    JOIN derived.step AS s ON s.step = x.step
    LEFT JOIN team_of AS t ON t.name = s.service AND t.namespace IS NOT DISTINCT FROM s.namespace
    GROUP BY ALL
    HAVING executions >= $least_failures AND len(teams) >= 2
),
-- Failures of steps that took another team's message, and whether anybody did anything about each.
failed AS (
    SELECT x.eid, e.workflow, s.step, s.mid, s.service, s.namespace, s.name, s.trace_id, s.span_id, s.start_ns, s.end_ns,
        t.team, f.team AS from_team, m.producer_service, m.destination, m.system
    FROM derived.execution_step AS x
    JOIN derived.step AS s ON s.step = x.step
    JOIN derived.execution AS e ON e.eid = x.eid
    JOIN derived.message AS m ON m.mid = s.mid
    JOIN team_of AS t ON t.name = s.service AND t.namespace IS NOT DISTINCT FROM s.namespace
    JOIN team_of AS f ON f.name = m.producer_service AND f.namespace IS NOT DISTINCT FROM m.producer_namespace
    WHERE x.failed AND x.last_attempt AND lower(t.team) != lower(f.team) AND m.destination IS NOT NULL
),
judged AS (
    SELECT f.*, s.matured,
        s.status != 'failed'
        OR EXISTS (
            SELECT 1 FROM derived.reception AS r
            WHERE r.mid = f.mid AND (r.dead_letter OR (NOT r.failed AND r.start_ns > f.start_ns AND r.operation = 'process')))
        -- What it told others of, if only by a message, is theirs to deal with.
        OR EXISTS (SELECT 1 FROM derived.handoff AS h WHERE h.eid = f.eid AND h.from_step = f.step AND h.is_async)
        AS handled
    FROM failed AS f JOIN derived.execution_state AS s USING (eid)
),
dead_letters AS (
    SELECT destination AS name FROM (SELECT DISTINCT destination FROM derived.message) WHERE is_dead_letter(destination)
    UNION SELECT destination FROM derived.reception WHERE dead_letter
    UNION SELECT name FROM store.declaration WHERE kind = 'destination' AND type = 'dead-letter'
),
dropped AS (
    SELECT workflow, service, namespace, name, destination, any_value(team) AS team, min(from_team) AS from_team,
        min(producer_service) AS producer, count(DISTINCT eid) FILTER (matured) AS failures,
        list(eid ORDER BY start_ns, eid)[:100] AS eids,
        arg_min({'trace_id': trace_id, 'span_id': span_id}, (start_ns, span_id)) AS first,
        min(start_ns) AS first_ns, max(end_ns) AS last_ns
    FROM judged
    GROUP BY workflow, service, namespace, name, destination
    -- One that is young may still be taken up.
    HAVING failures >= $least_failures AND NOT bool_or(handled)
),
given_up AS (
    SELECT d.* FROM dropped AS d
    JOIN workflow_of AS w ON w.workflow = d.workflow
    WHERE w.rule NOT IN ('declared', 'declared-unowned', 'catalog', 'dangling-reference')
        AND NOT EXISTS (SELECT 1 FROM dead_letters AS q WHERE contains(q.name, d.destination) AND q.name != d.destination)
),
-- Messages that nobody takes, where files say of destinations whose they are and not of this one.
taken AS (
    SELECT system, destination, false AS elsewhere FROM derived.span_field
    WHERE operation IN ('receive', 'process') AND destination IS NOT NULL
    UNION
    SELECT system, destination, mid < 0 FROM derived.message SEMI JOIN derived.reception USING (mid)
    WHERE EXISTS (SELECT 1 FROM store.declaration AS d WHERE d.kind = 'destination')
),
sent AS (
    SELECT system, destination, count(*) AS messages, min(producer_service) AS producer,
        count(DISTINCT producer_service) AS producers, min(published_ns) AS first_ns, max(published_ns) AS last_ns
    FROM derived.message
    WHERE mid >= 0 AND destination IS NOT NULL AND NOT publish_failed
        AND EXISTS (SELECT 1 FROM store.declaration AS d WHERE d.kind = 'destination')
    GROUP BY system, destination
    HAVING messages >= $least_messages
),
untaken AS (
    SELECT * FROM sent AS s
    -- Whoever makes a queue for one answer takes from it.
    WHERE NOT is_dead_letter(s.destination) AND NOT contains(s.destination, '(anonymous)')
        AND NOT EXISTS (
            SELECT 1 FROM taken AS t
            WHERE t.destination = s.destination
                -- Taken under another name from senders that were not seen: perhaps these.
                OR (t.elsewhere AND t.system IS NOT DISTINCT FROM s.system))
        AND NOT EXISTS (
            SELECT 1 FROM store.declaration AS d WHERE d.kind = 'destination' AND lower(d.name) = lower(s.destination))
)
SELECT
    'workflow|' || workflow AS anchor, []::BIGINT[] AS eids,
    NULL AS service, NULL AS step,
    'workflow' AS owner_kind, workflow AS owner_name, NULL AS owner_namespace,
    NULL::UUID AS trace_id, []::UBIGINT[] AS span_ids, first_ns AS since_ns, last_ns AS seen_ns,
    printf('%s has no owner from end to end: %d teams take part (%s), and it is %s, which nobody owns', workflow,
        len(teams), array_to_string(teams[:5], ', '), coalesce(source, 'started by something unseen')) AS message,
    json_object('executions', executions, 'teams', teams, 'rule', rule, 'source', source) AS evidence,
    printf('Declare a team for the workflow %s in ownership.yaml.', workflow) AS next_action
FROM whole
UNION ALL
SELECT
    concat_ws('|', 'failures', workflow, coalesce(namespace, ''), service, name, destination), eids,
    service, name, 'service', service, namespace,
    first.trace_id, [first.span_id], first_ns, last_ns,
    printf('%s failed for good in %d executions after it took work of %s from %s: nobody tried it again, '
        || 'put it aside, undid anything or was told', service, failures, from_team, destination),
    json_object('workflow', workflow, 'destination', destination, 'producer', producer, 'teams', [from_team, team],
        'failures', failures, 'handled', 0, 'dead_letter_queue', NULL),
    printf('Agree between %s and %s who deals with them: a retry, a dead-letter queue of %s, a compensation; '
        || 'or declare an owner of %s.', from_team, team, destination, workflow)
FROM given_up
UNION ALL
SELECT
    concat_ws('|', 'destination', coalesce(system, ''), destination), []::BIGINT[],
    producer, NULL, 'destination', destination, system,
    NULL::UUID, []::UBIGINT[], first_ns, last_ns,
    printf('%s publishes to %s, nobody was seen taking any of %d messages, and no file says whose they are',
        CASE WHEN producers > 1 THEN printf('%s and %d others', producer, producers - 1) ELSE producer END,
        destination, messages),
    json_object('destination', destination, 'system', system, 'messages', messages, 'producer', producer),
    printf('Say in ownership.yaml whose %s is, or let its consumer send telemetry.', destination)
FROM untaken
