DELETE FROM store.team WHERE path = $path
