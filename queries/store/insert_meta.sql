INSERT INTO store.meta VALUES ($name, $value)
