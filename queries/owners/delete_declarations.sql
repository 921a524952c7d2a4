DELETE FROM store.declaration WHERE path = $path
