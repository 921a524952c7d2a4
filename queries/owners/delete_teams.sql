DELETE FROM store.team WHERE list_contains($paths, path)
