DELETE FROM store.scope WHERE scope_id IN (SELECT unnest($ids::UINTEGER[]))
