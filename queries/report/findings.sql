-- Findings for a report: all that are open, and those in $ids (what the report before showed) that
-- have been resolved since. With how to reach their teams.
WITH told AS (
    SELECT lower(name) AS team, channel, runbook, 0 AS rank FROM store.team
    UNION ALL
    SELECT
        lower(team), CASE type WHEN 'channel' THEN value END, CASE type WHEN 'runbook' THEN value END, 1
    FROM store.contact WHERE team IS NOT NULL
),
team AS (
    SELECT
        team, arg_min(channel, (rank, channel)) AS channel, arg_min(runbook, (rank, runbook)) AS runbook
    FROM told GROUP BY ALL
),
muted AS (SELECT fingerprint, min(reason) AS reason FROM store.mute GROUP BY ALL),
reported AS (SELECT id, min(report_id) AS report_id FROM store.reported GROUP BY ALL)
SELECT
    left(f.fingerprint, 12) AS id, f.rule, f.family, f.severity, f.execution, f.correlation_key,
    f.correlation_value, f.workflow, f.service, f.step, f.team, hex_trace_id(f.trace_id) AS trace_id,
    list_transform(f.span_ids, lambda i: hex_span_id(i)) AS span_ids, f.first_seen_ns,
    f.last_seen_ns, f.message, f.evidence::VARCHAR AS evidence, f.effects, f.next_action,
    f.resolved_ns, m.reason AS muted_reason, r.report_id AS first_report_id, t.channel, t.runbook
FROM store.finding AS f
LEFT JOIN team AS t ON t.team = lower(f.team)
LEFT JOIN muted AS m ON m.fingerprint = f.fingerprint
LEFT JOIN reported AS r ON r.id = left(f.fingerprint, 12)
WHERE f.resolved_ns IS NULL OR left(f.fingerprint, 12) IN (SELECT unnest($ids::VARCHAR[]))
ORDER BY
    list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity),
    f.first_seen_ns, f.rule, f.fingerprint
