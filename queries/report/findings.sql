-- Findings for a report: all that are open, and those in $ids (what the report before showed) that
-- have been resolved since. With how to reach who is told.
WITH muted AS (SELECT fingerprint, min(reason) AS reason FROM store.mute GROUP BY ALL),
reported AS (SELECT id, min(report_id) AS report_id FROM store.reported GROUP BY ALL)
SELECT
    left(f.fingerprint, 12) AS id, f.rule, f.family, f.severity, f.execution, f.correlation_key,
    f.correlation_value, f.workflow, f.service, f.step, f.team, hex_trace_id(f.trace_id) AS trace_id,
    list_transform(f.span_ids, lambda i: hex_span_id(i)) AS span_ids, f.first_seen_ns,
    f.last_seen_ns, f.message, f.evidence::VARCHAR AS evidence, f.effects, f.next_action,
    f.resolved_ns, m.reason AS muted_reason, r.report_id AS first_report_id,
    to_json(coalesce(c.contacts, []))::VARCHAR AS contacts
FROM store.finding AS f
LEFT JOIN derived.finding_contact AS c ON c.fingerprint = f.fingerprint
LEFT JOIN muted AS m ON m.fingerprint = f.fingerprint
LEFT JOIN reported AS r ON r.id = left(f.fingerprint, 12)
WHERE f.resolved_ns IS NULL OR left(f.fingerprint, 12) IN (SELECT unnest($ids::VARCHAR[]))
ORDER BY
    list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity),
    f.first_seen_ns, f.rule, f.fingerprint
