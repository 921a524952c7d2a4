-- Remember which report was the first to show these findings.
INSERT INTO store.reported
SELECT id, $report_id FROM (SELECT DISTINCT unnest($ids::VARCHAR[]) AS id)
WHERE id NOT IN (SELECT id FROM store.reported)
