SELECT scope_id, name, version, shape_id, vals, schema_url, dropped_attributes
FROM store.scope WHERE scope_id IN (SELECT unnest($ids::UINTEGER[]))
