-- Span events; (batch_id, span_no) is the copy of the span that carried the event.
CREATE TABLE store.event (
    batch_id           UBIGINT NOT NULL,
    span_no            UINTEGER NOT NULL,
    position           UINTEGER NOT NULL,
    trace_id           UUID NOT NULL,
    span_id            UBIGINT NOT NULL,
    time_ns            UBIGINT NOT NULL,
    name               VARCHAR NOT NULL,
    shape_id           UINTEGER NOT NULL,
    vals               VARCHAR[] NOT NULL,
    dropped_attributes UINTEGER NOT NULL
)
