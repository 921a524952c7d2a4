DELETE FROM store.declaration WHERE list_contains($paths, path)
