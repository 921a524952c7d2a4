-- Root findings, with what follows from them. The fingerprint is rule and anchor, never the
-- execution's id, which late spans may change.
-- needs: b_found
CREATE OR REPLACE TABLE derived.finding_raw AS
WITH named AS (
    SELECT f.*, e.execution, e.key, e.value, e.workflow, o.team,
        s.status AS execution_status
    FROM b_found AS f
    LEFT JOIN derived.execution AS e ON e.eid = f.eids[1]
    LEFT JOIN derived.execution_state AS s ON s.eid = f.eids[1]
    LEFT JOIN (
        SELECT kind, name, namespace, any_value(team) AS team FROM derived.owner GROUP BY ALL
    ) AS o ON o.kind = f.owner_kind AND o.name = f.owner_name
        AND (f.owner_namespace IS NULL OR o.namespace IS NOT DISTINCT FROM f.owner_namespace)
    QUALIFY row_number() OVER (PARTITION BY f.rule, f.anchor ORDER BY o.team) = 1
),
effect AS (
    SELECT b.cause, b.cause_anchor, list(f.rule || ': ' || f.message ORDER BY f.rule, f.message) AS effects
    FROM b_effect AS b JOIN b_found AS f ON f.rule = b.effect AND f.anchor = b.effect_anchor
    GROUP BY ALL
)
SELECT sha256(n.rule || '|' || n.anchor) AS fingerprint,
    n.rule, n.family, n.severity, n.execution, n.key AS correlation_key, n.value AS correlation_value, n.workflow,
    n.service, n.step, n.team, n.trace_id, n.span_ids, n.since_ns, n.seen_ns, n.message, n.evidence,
    flatten([
        CASE WHEN n.family IN ('orphaned', 'stalled') AND n.execution_status IN ('abandoned', 'stalled')
            THEN [printf('%s is %s', n.execution, n.execution_status)] ELSE [] END,
        CASE WHEN n.family IN ('orphaned', 'stalled')
            -- A step that vanished has begun; what is unrun comes after it.
            THEN list_filter(coalesce(u.steps, []),
                lambda s: n.rule != 'ORP001' OR NOT starts_with(s, printf('%s (%s)', n.step, n.service)))
            ELSE [] END,
        coalesce(x.effects, [])]) AS effects,
    n.next_action, n.eids, n.owner_kind, n.owner_name, n.owner_namespace
FROM named AS n
LEFT JOIN b_unrun AS u ON u.eid = n.eids[1]
LEFT JOIN effect AS x ON x.cause = n.rule AND x.cause_anchor = n.anchor
WHERE NOT EXISTS (SELECT 1 FROM b_effect AS b WHERE b.effect = n.rule AND b.effect_anchor = n.anchor)
