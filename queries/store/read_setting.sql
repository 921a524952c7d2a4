SELECT value FROM store.setting WHERE name = $name
