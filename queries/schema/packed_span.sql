-- Every span as received, copies included. No index: it would triple the cost of an insert.
-- packed: the values of the attributes, one text a span, for a list of ten texts costs as much to write as
-- all other columns. Joined by U+001F; or, where one of the values holds that or U+001E, U+001E, then 32
-- characters that are in none of them, then the values joined by those; null when there are none
-- (tracemap/tables.py). Read them through store.span.
CREATE TABLE store.packed_span (
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
    packed             VARCHAR USING COMPRESSION zstd,
    dropped_attributes UINTEGER NOT NULL,
    dropped_events     UINTEGER NOT NULL,
    dropped_links      UINTEGER NOT NULL,
    status             UTINYINT NOT NULL,
    status_message     VARCHAR
)
