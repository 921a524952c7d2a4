-- One row a write, with our own counts: a torn write-ahead log is found by comparing them with the
-- rows. `total` is the number of spans and log records in this and all batches before it, those
-- deleted included.
CREATE TABLE store.batch (
    batch_id    UBIGINT NOT NULL,
    source_id   UINTEGER NOT NULL,
    received_ns BIGINT NOT NULL,
    spans       UINTEGER NOT NULL,
    links       UINTEGER NOT NULL,
    events      UINTEGER NOT NULL,
    logs        UINTEGER NOT NULL,
    total       UBIGINT NOT NULL
)
