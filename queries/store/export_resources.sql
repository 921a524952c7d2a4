SELECT resource_id, shape_id, vals, schema_url, dropped_attributes, entity_refs
FROM store.resource WHERE resource_id IN (SELECT unnest($ids::UINTEGER[]))
