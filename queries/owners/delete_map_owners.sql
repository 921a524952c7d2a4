DELETE FROM store.map_owner WHERE list_contains($paths, path)
