DELETE FROM store.shape WHERE shape_id IN (SELECT unnest($ids::UINTEGER[]))
