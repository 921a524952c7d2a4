SELECT name, value FROM store.meta
