-- Saved reports that speak of one of $names.
SELECT report_id, content::VARCHAR FROM store.report AS r
WHERE EXISTS (SELECT 1 FROM (SELECT unnest($names::VARCHAR[]) AS name) WHERE contains(r.content::VARCHAR, name))
