-- Every finding there ever was, one row a fingerprint, as it was when last seen, and its life:
-- resolved_ns is null while it is open; the report ids are those of the saved reports that showed it.
CREATE TABLE store.finding (
    fingerprint VARCHAR NOT NULL, rule VARCHAR NOT NULL, family VARCHAR NOT NULL,
    severity VARCHAR NOT NULL, execution VARCHAR, correlation_key VARCHAR,
    correlation_value VARCHAR, workflow VARCHAR, service VARCHAR, step VARCHAR, team VARCHAR,
    trace_id UUID, span_ids UBIGINT[], first_seen_ns BIGINT, last_seen_ns BIGINT,
    message VARCHAR, evidence JSON, effects VARCHAR[], next_action VARCHAR,
    resolved_ns BIGINT, muted_reason VARCHAR, first_report_id BIGINT, last_report_id BIGINT
)
