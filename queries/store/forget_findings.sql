DELETE FROM store.finding WHERE fingerprint IN (SELECT fingerprint FROM victim_finding)
