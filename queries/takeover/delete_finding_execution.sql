DELETE FROM derived.finding_execution WHERE fingerprint IN (SELECT fingerprint FROM s_fingerprint)
