-- Every span as received, copies included. No index: it would triple the cost of an insert.
CREATE TABLE store.span (
    batch_id           UBIGINT NOT NULL,
    span_no            UINTEGER NOT NULL,
    resource_id        UINTEGER NOT NULL,
    scope_id           UINTEGER NOT NULL,
    trace_id           UUID NOT NULL,
    span_id            UBIGINT NOT NULL,
    parent_span_id     UBIGINT,
    trace_state        VARCHAR,
    flags              UINTEGER NOT NULL,
    name               VARCHAR NOT NULL,
    kind               UTINYINT NOT NULL,
    start_ns           UBIGINT NOT NULL,
    end_ns             UBIGINT NOT NULL,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    dropped_attributes UINTEGER NOT NULL,
    dropped_events     UINTEGER NOT NULL,
    dropped_links      UINTEGER NOT NULL,
    status             UTINYINT NOT NULL,
    status_message     VARCHAR
)
