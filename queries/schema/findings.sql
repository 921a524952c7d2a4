-- Findings: the open ones, and those resolved since a saved report showed them. What came and went
-- between two reports is not shown: whether it was noticed depends on how often anyone looked.
CREATE VIEW findings AS
SELECT
    left(fingerprint, 12) AS id, rule, family, severity,
    CASE
        WHEN resolved_ns IS NOT NULL THEN 'resolved'
        WHEN muted_reason IS NOT NULL THEN 'muted'
        WHEN first_report_id IS NULL THEN 'new'
        ELSE 'ongoing'
    END AS status,
    execution,
    CASE WHEN correlation_key IS NOT NULL
        THEN {'key': correlation_key, 'value': correlation_value} END AS correlation,
    workflow, service, step, team,
    hex_trace_id(trace_id) AS trace_id,
    list_transform(span_ids, lambda i: hex_span_id(i)) AS span_ids,
    utc(first_seen_ns) AS first_seen, utc(last_seen_ns) AS last_seen,
    message, evidence, effects, next_action
FROM store.finding
WHERE resolved_ns IS NULL OR first_report_id IS NOT NULL
