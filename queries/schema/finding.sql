-- Every finding there ever was, one row a fingerprint, as it was when last seen; resolved_ns is null
-- while it is open. The analysis alone writes here: what people decide is in reported and mute, so
-- that neither has to wait for the other.
CREATE TABLE store.finding (
    fingerprint VARCHAR NOT NULL, rule VARCHAR NOT NULL, family VARCHAR NOT NULL,
    severity VARCHAR NOT NULL, execution VARCHAR, correlation_key VARCHAR,
    correlation_value VARCHAR, workflow VARCHAR, service VARCHAR, step VARCHAR, team VARCHAR,
    trace_id UUID, span_ids UBIGINT[], first_seen_ns BIGINT, last_seen_ns BIGINT,
    message VARCHAR, evidence JSON, effects VARCHAR[], next_action VARCHAR, resolved_ns BIGINT
)
