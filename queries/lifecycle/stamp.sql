-- Remember that a saved report showed these findings.
UPDATE store.finding
SET first_report_id = coalesce(first_report_id, $report_id), last_report_id = $report_id
WHERE left(fingerprint, 12) IN (SELECT unnest($ids::VARCHAR[]))
