-- Interned attribute lists: the keys in order and the type of each value (batch.ValueType).
CREATE TABLE store.shape (shape_id UINTEGER NOT NULL, keys VARCHAR[] NOT NULL, types UTINYINT[] NOT NULL)
