DELETE FROM derived.finding_contact WHERE fingerprint IN (SELECT fingerprint FROM s_fingerprint)
