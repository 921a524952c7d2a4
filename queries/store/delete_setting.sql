DELETE FROM store.setting WHERE name = $name
