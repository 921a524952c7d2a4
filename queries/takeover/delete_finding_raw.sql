DELETE FROM derived.finding_raw WHERE fingerprint IN (SELECT fingerprint FROM s_fingerprint)
