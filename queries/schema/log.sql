-- Log records that carry a trace and a span id. They arrive while the span is open: it may not be stored
-- yet, or never be. (batch_id, log_no) tells them apart; the body is a value of type body_type.
CREATE TABLE store.log (
    batch_id           UBIGINT NOT NULL,
    log_no             UINTEGER NOT NULL,
    resource_id        UINTEGER NOT NULL,
    scope_id           UINTEGER NOT NULL,
    trace_id           UUID NOT NULL,
    span_id            UBIGINT NOT NULL,
    flags              UINTEGER NOT NULL,
    time_ns            UBIGINT NOT NULL,
    observed_ns        UBIGINT NOT NULL,
    severity           UTINYINT NOT NULL,
    severity_text      VARCHAR,
    event_name         VARCHAR,
    body_type          UTINYINT NOT NULL,
    body               VARCHAR NOT NULL,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    dropped_attributes UINTEGER NOT NULL
)
