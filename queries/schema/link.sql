-- Span links; (batch_id, span_no) is the copy of the span that carried the link.
CREATE TABLE store.link (
    batch_id           UBIGINT NOT NULL,
    span_no            UINTEGER NOT NULL,
    position           UINTEGER NOT NULL,
    trace_id           UUID NOT NULL,
    span_id            UBIGINT NOT NULL,
    linked_trace_id    UUID NOT NULL,
    linked_span_id     UBIGINT NOT NULL,
    trace_state        VARCHAR,
    flags              UINTEGER NOT NULL,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    dropped_attributes UINTEGER NOT NULL
)
