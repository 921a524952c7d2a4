DELETE FROM store.contact WHERE list_contains($paths, path)
