-- Acknowledged spans and log records that a damaged write-ahead log took with it, as found when the database was
-- opened. batch_id and total continue store.batch where it was cut off; null counts are not known.
CREATE TABLE store.loss (
    found_ns BIGINT NOT NULL, batch_id UBIGINT NOT NULL, total UBIGINT NOT NULL,
    batches BIGINT, records BIGINT, set_aside VARCHAR, what VARCHAR NOT NULL
)
