UPDATE store.report SET content = $content::JSON WHERE report_id = $report_id
