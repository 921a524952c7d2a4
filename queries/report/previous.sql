-- The newest saved report that ends before $to_ns.
SELECT report_id, created_ns, window_to_ns, content::VARCHAR AS content
FROM store.report WHERE window_to_ns < $to_ns
ORDER BY window_to_ns DESC, report_id DESC LIMIT 1
