INSERT INTO store.source VALUES ($source_id, $name, $kind)
