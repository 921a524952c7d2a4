-- The saved report of this very window, if any.
SELECT report_id FROM store.report
WHERE window_to_ns = $to_ns AND window_from_ns IS NOT DISTINCT FROM $from_ns
