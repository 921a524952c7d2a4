DELETE FROM store.map_handoff WHERE list_contains($paths, path)
