-- The number of the next report.
SELECT coalesce(max(report_id), 0) + 1 FROM store.report
