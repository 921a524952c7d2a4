-- Findings that a person set aside, and why.
CREATE TABLE store.mute (fingerprint VARCHAR NOT NULL, reason VARCHAR NOT NULL)
