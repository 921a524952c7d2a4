SELECT shape_id, keys, types FROM store.shape WHERE shape_id IN (SELECT unnest($ids::UINTEGER[]))
