-- Fingerprints that begin with what a person typed.
SELECT fingerprint FROM store.finding WHERE starts_with(fingerprint, lower($id)) ORDER BY 1 LIMIT 3
