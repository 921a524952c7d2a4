INSERT INTO store.mute VALUES ($fingerprint, $reason)
