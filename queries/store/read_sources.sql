SELECT source_id, name, kind FROM store.source
