SELECT scope_id, name, version, shape_id, vals, schema_url, dropped_attributes
FROM store.scope ORDER BY scope_id
