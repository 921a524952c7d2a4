-- Findings: the open ones, and those resolved since a saved report showed them. What came and went
-- between two reports is not shown: whether it was noticed depends on how often anyone looked.
CREATE OR REPLACE VIEW findings AS
SELECT
    left(f.fingerprint, 12) AS id, rule, family, severity,
    CASE
        WHEN f.resolved_ns IS NOT NULL THEN 'resolved'
        WHEN f.fingerprint IN (SELECT fingerprint FROM store.mute) THEN 'muted'
        WHEN r.id IS NULL THEN 'new'
        ELSE 'ongoing'
    END AS status,
    execution,
    CASE WHEN correlation_key IS NOT NULL
        THEN {'key': correlation_key, 'value': correlation_value} END AS correlation,
    workflow, service, step, team,
    hex_trace_id(trace_id) AS trace_id,
    list_transform(span_ids, lambda i: hex_span_id(i)) AS span_ids,
    utc(first_seen_ns) AS first_seen, utc(last_seen_ns) AS last_seen,
    message, evidence, effects, next_action,
    coalesce(c.contacts, []) AS contacts
FROM store.finding AS f
LEFT JOIN derived.finding_contact AS c ON c.fingerprint = f.fingerprint
LEFT JOIN (SELECT DISTINCT id FROM store.reported) AS r ON r.id = left(f.fingerprint, 12)
WHERE f.resolved_ns IS NULL OR r.id IS NOT NULL
