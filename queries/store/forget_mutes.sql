DELETE FROM store.mute WHERE fingerprint IN (SELECT fingerprint FROM victim_finding)
