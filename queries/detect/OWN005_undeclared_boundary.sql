-- code: OWN005
-- title: Not in the committed map
-- family: ownership
-- severity: low
-- meaning: Work passes from team to team where the committed map knows no such hand-off, or something
--   belongs to another team than the map says. Somebody now depends on somebody who may not know.
-- cause: A new call or subscription went live, or an owner was changed, without the map being
--   reviewed.
-- action: Let both teams see it; then write the map anew (tracemap map export) and commit it.
-- unless: No map was loaded; both ends have one owner, or an end has none; the hand-off is in the map
--   from another step or in another workflow; only a shared key suggests it; it was seen in fewer than
--   three executions; or the team is the same by another name.
-- param: least_executions BIGINT = 3    in how many executions a hand-off must have been seen
WITH service_owner AS (
    SELECT name, namespace, any_value(team) AS team FROM derived.owner WHERE kind = 'service' GROUP BY ALL
),
peer_owner AS (
    SELECT name, any_value(team) AS team FROM derived.owner WHERE kind IN ('datastore', 'service') GROUP BY name
),
passed AS (
    SELECT h.eid, h.from_step, b.service AS to_service, b.name AS to_name, h.type, o.team AS to_team,
        m.destination, b.trace_id, b.span_id, b.start_ns
    FROM derived.handoff AS h
    JOIN derived.step AS b ON b.step = h.to_step
    LEFT JOIN derived.message AS m ON m.mid = h.mid
    JOIN service_owner AS o ON o.name = b.service AND o.namespace IS NOT DISTINCT FROM b.namespace
    WHERE h.type != 'correlation' AND EXISTS (SELECT 1 FROM store.map_handoff)
    UNION ALL
    SELECT x.eid, v.caller, v.service, v.name, 'call', o.team, NULL, v.trace_id, v.span_id, v.start_ns
    FROM derived.virtual_step AS v
    JOIN derived.execution_step AS x ON x.step = v.caller
    JOIN peer_owner AS o ON o.name = v.service
    WHERE EXISTS (SELECT 1 FROM store.map_handoff)
),
crossing AS (
    SELECT a.service AS from_service, a.namespace, p.to_service, p.to_name, p.type,
        any_value(o.team) AS from_team, any_value(p.to_team) AS to_team, min(p.destination) AS destination,
        list(DISTINCT a.name ORDER BY a.name)[:10] AS from_names, count(DISTINCT p.eid) AS executions,
        list(DISTINCT e.workflow ORDER BY e.workflow)[:10] AS workflows,
        arg_min({'eid': p.eid, 'trace_id': p.trace_id, 'span_id': p.span_id}, (p.start_ns, p.span_id)) AS first,
        min(p.start_ns) AS first_ns, max(p.start_ns) AS last_ns
    FROM passed AS p
    JOIN derived.step AS a ON a.step = p.from_step
    JOIN derived.execution AS e ON e.eid = p.eid
    JOIN service_owner AS o ON o.name = a.service AND o.namespace IS NOT DISTINCT FROM a.namespace
    WHERE lower(o.team) != lower(p.to_team)
    GROUP BY a.service, a.namespace, p.to_service, p.to_name, p.type
),
undeclared AS (
    SELECT * FROM crossing AS c
    ANTI JOIN store.map_handoff AS m
        ON m.from_service = c.from_service AND m.to_service = c.to_service AND m.to_name = c.to_name AND m.type = c.type
    WHERE c.executions >= $least_executions
),
seen AS (SELECT min(start_ns) AS first_ns, max(end_ns) AS last_ns FROM derived.step)
SELECT
    concat_ws('|', 'boundary', coalesce(namespace, ''), from_service, to_service, to_name, type) AS anchor,
    -- No execution is the worse for it: a boundary belongs to the system.
    []::BIGINT[] AS eids,
    from_service AS service, from_names[1] AS step,
    'service' AS owner_kind, from_service AS owner_name, namespace AS owner_namespace,
    first.trace_id AS trace_id, [first.span_id] AS span_ids, first_ns AS since_ns, last_ns AS seen_ns,
    printf('%s (%s) passes work to %s (%s) by %s%s, a hand-off that is not in the map: %d executions',
        from_service, from_team, to_service, to_team, to_name,
        CASE WHEN destination IS NULL OR contains(to_name, destination) THEN '' ELSE ' via ' || destination END,
        executions) AS message,
    json_object('from', from_names, 'to', to_name, 'type', type, 'destination', destination,
        'workflows', workflows, 'executions', executions, 'teams', [from_team, to_team]) AS evidence,
    printf('Let %s and %s review it, then commit the map anew (tracemap map export, tracemap map load).',
        from_team, to_team) AS next_action
FROM undeclared
UNION ALL
SELECT
    concat_ws('|', 'owner', c.kind, coalesce(c.namespace, ''), c.name), []::BIGINT[],
    CASE WHEN c.kind = 'service' THEN c.name END, NULL,
    c.kind, c.name, c.namespace, NULL::UUID, []::UBIGINT[], s.first_ns, s.last_ns,
    printf('%s %s belongs to %s by %s, but to %s by the map', c.kind, c.name, c.team, c.source, c.reviewed),
    json_object('team', c.team, 'source', c.source, 'rule', c.rule, 'reviewed', c.reviewed,
        'reviewed_in', c.reviewed_in),
    printf('Let %s and %s confirm the change, then commit the map anew (tracemap map export, tracemap map load).',
        c.reviewed, c.team)
FROM derived.owner_changed AS c CROSS JOIN seen AS s
