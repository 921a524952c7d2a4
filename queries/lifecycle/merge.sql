-- The life of findings: present ones are inserted or brought up to date (a vanished one that is back
-- is open again), absent ones are resolved as of $now_ns. Two raw rows of one fingerprint are one
-- finding: the earliest is kept.
MERGE INTO store.finding AS f
USING (
    -- What names no moment is so up to the horizon.
    SELECT * REPLACE (coalesce(seen_ns, (SELECT max(horizon_ns) FROM derived.source)) AS seen_ns) FROM derived.finding_raw
    QUALIFY row_number() OVER (
        PARTITION BY fingerprint ORDER BY since_ns, execution, message, evidence::VARCHAR
    ) = 1
) AS r
ON f.fingerprint = r.fingerprint
WHEN MATCHED THEN UPDATE SET
    rule = r.rule, family = r.family, severity = r.severity, execution = r.execution,
    correlation_key = r.correlation_key, correlation_value = r.correlation_value,
    workflow = r.workflow, service = r.service, step = r.step, team = r.team,
    trace_id = r.trace_id, span_ids = r.span_ids, first_seen_ns = r.since_ns,
    last_seen_ns = r.seen_ns, message = r.message, evidence = r.evidence, effects = r.effects,
    next_action = r.next_action, resolved_ns = NULL
WHEN NOT MATCHED THEN INSERT (
    fingerprint, rule, family, severity, execution, correlation_key, correlation_value, workflow,
    service, step, team, trace_id, span_ids, first_seen_ns, last_seen_ns, message, evidence,
    effects, next_action
) VALUES (
    r.fingerprint, r.rule, r.family, r.severity, r.execution, r.correlation_key,
    r.correlation_value, r.workflow, r.service, r.step, r.team, r.trace_id, r.span_ids,
    r.since_ns, r.seen_ns, r.message, r.evidence, r.effects, r.next_action
)
WHEN NOT MATCHED BY SOURCE AND f.resolved_ns IS NULL THEN UPDATE SET resolved_ns = $now_ns
