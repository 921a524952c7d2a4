DELETE FROM store.code_location WHERE list_contains($paths, path)
