INSERT INTO store.setting VALUES ($name, $value)
