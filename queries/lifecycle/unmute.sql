DELETE FROM store.mute WHERE fingerprint = $fingerprint
