DELETE FROM store.code_rule WHERE list_contains($paths, path)
