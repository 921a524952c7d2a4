DELETE FROM store.reported WHERE id IN (SELECT left(fingerprint, 12) FROM victim_finding)
