DELETE FROM store.report WHERE report_id = $report_id
