-- Mute a finding with a reason, or unmute it with null; it keeps its id through resolve and reopen.
UPDATE store.finding SET muted_reason = $reason WHERE fingerprint = $fingerprint
