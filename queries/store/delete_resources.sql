DELETE FROM store.resource WHERE resource_id IN (SELECT unnest($ids::UINTEGER[]))
