DELETE FROM store.mute WHERE fingerprint IN (
    SELECT fingerprint FROM store.finding WHERE execution IN (SELECT unnest($executions::VARCHAR[]))
)
